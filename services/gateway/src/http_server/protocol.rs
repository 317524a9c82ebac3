//! Which version of HTTP a client uses, by the first bytes that it sends.
//!
//! They are looked at, and not read: a server that gets them apart from the rest of the request makes its buffer
//! twice as large, for as long as the connection lasts.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

/// How HTTP/2 begins (RFC 9113, section 3.4), as far as no request of HTTP/1 does.
const PREFACE: &[u8; 4] = b"PRI ";
/// HTTP/2, as a client names it while it agrees on the encryption.
pub(super) const HTTP2: &[u8] = b"h2";
/// The protocols of an encrypted connection, what is preferred first.
pub(crate) const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];
/// Pause before the next look, where a client has sent less than that.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether the client uses HTTP/2, as soon as that is known.
pub(super) async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut bytes = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut bytes).await?;
        if count == 0 || bytes[..count] != PREFACE[..count] {
            return Ok(false);
        }
        if count == PREFACE.len() {
            return Ok(true);
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_client_of_http2_is_known_however_its_first_bytes_come() {
        for (pieces, expected) in [
            (&["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"][..], true),
            (&["P", "RI ", "* HTTP/2.0"], true),
            (&["GET / HTTP/1.1\r\n"], false),
            (&["P", "OST / HTTP/1.1\r\n"], false),
            (&["PR", "OPFIND / HTTP/1.1\r\n"], false),
            (&[], false),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let send = async {
                let mut client = TcpStream::connect(address).await.unwrap();
                client.set_nodelay(true).unwrap();
                for piece in pieces {
                    client.write_all(piece.as_bytes()).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let look = async {
                let (stream, _) = listener.accept().await.unwrap();
                is_http2(&stream).await.unwrap()
            };
            let (found, ()) = tokio::join!(look, send);
            assert_eq!(found, expected, "{pieces:?}");
        }
    }
}
