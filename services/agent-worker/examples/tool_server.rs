//! The MCP server of the tests, as a program. It writes what happens to the file that is its argument.

use std::path::PathBuf;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file: PathBuf = std::env::args_os().nth(1).unwrap_or_default().into();
    testkit::mcp::serve_program(&file).await;
}
