//! The frames of a world that not all clients have read yet, and the bytes that they hold.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::frame::Frame;

/// Bytes of such frames. The oldest give way to the newest: a client that did not read them reads the log. It
/// is what the slowest client of a world costs beside the buffers of its connection, and several of the
/// largest commits.
pub(super) const BACKLOG_BYTES_MAX: usize = 4 << 20;

/// A frame of the backlog. It is dropped once all clients have read it.
#[derive(Debug)]
pub(super) struct BacklogFrame(Mutex<Option<Arc<Frame>>>);

impl BacklogFrame {
    fn new(frame: Frame) -> Self {
        Self(Mutex::new(Some(Arc::new(frame))))
    }

    /// The frame, if it has not given way to newer ones.
    pub(super) fn get(&self) -> Option<Arc<Frame>> {
        self.lock().clone()
    }

    fn clear(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Frame>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the bytes of the frames that are not dropped.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Oldest first, each with its bytes.
    frames: VecDeque<(Weak<BacklogFrame>, usize)>,
    bytes: usize,
}

impl Backlog {
    /// Adds the newest frame, for which the oldest ones may have to give way.
    pub(super) fn push(&mut self, frame: Frame) -> Arc<BacklogFrame> {
        let bytes = frame.size_bytes();
        while let Some((oldest, oldest_bytes)) = self.frames.front() {
            if let Some(unread) = oldest.upgrade() {
                if self.bytes + bytes <= BACKLOG_BYTES_MAX {
                    break;
                }
                unread.clear();
            }
            self.bytes -= oldest_bytes;
            self.frames.pop_front();
        }
        let frame = Arc::new(BacklogFrame::new(frame));
        self.frames.push_back((Arc::downgrade(&frame), bytes));
        self.bytes += bytes;
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::frame::Payload;
    use crate::fanout::frame::tests::event_of;

    /// A frame with a payload of so many bytes.
    fn frame(bytes: usize) -> Frame {
        let data = format!("\"{}\"", "x".repeat(bytes));
        Frame::new(Payload::Event(Box::new(event_of("a.b", "1.0", data))), 0)
    }

    #[test]
    fn the_oldest_unread_frames_give_way_to_the_newest() {
        let mut backlog = Backlog::default();
        let large = BACKLOG_BYTES_MAX / 9;
        let frames: Vec<_> = (0..20).map(|_| backlog.push(frame(large))).collect();
        let kept: Vec<bool> = frames.iter().map(|frame| frame.get().is_some()).collect();
        let expected: Vec<bool> = (0..20).map(|n| n >= 16).collect();
        assert_eq!(kept, expected);
        assert!(backlog.bytes <= BACKLOG_BYTES_MAX);
        // One that is larger by itself is kept alone.
        let alone = backlog.push(frame(BACKLOG_BYTES_MAX));
        assert!(alone.get().is_some() && frames[19].get().is_none());
        assert_eq!(backlog.frames.len(), 1);
    }

    #[test]
    fn what_all_clients_have_read_does_not_count() {
        let mut backlog = Backlog::default();
        for _ in 0..100 {
            drop(backlog.push(frame(BACKLOG_BYTES_MAX / 3)));
            assert_eq!(backlog.frames.len(), 1);
        }
        let unread = backlog.push(frame(10));
        drop(backlog.push(frame(10)));
        drop(backlog.push(frame(10)));
        // They are counted until the one before them is read.
        assert_eq!(backlog.frames.len(), 3);
        drop(unread);
        drop(backlog.push(frame(10)));
        assert_eq!(backlog.frames.len(), 1);
    }
}
