//! The pages of memory that the kernel gives to the process.

/// Lets the kernel give memory to this process in pages of 4 KiB only, and not of 2 MiB. A process with many connections
/// has buffers of which only the beginning is ever used: with huge pages, all of each is resident.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    {
        // A kernel without huge pages refuses it: then there is nothing to switch off.
        let _ = nix::sys::prctl::set_thp_disable(true);
    }
}
