//! Files that people attach to a command, fetched with care (product.md §17): only from where Discord keeps attachments, or
//! from the origin of `DISCORD_API_URL`; no redirects; the size is checked before and while reading.

use std::time::Duration;

use futures_util::StreamExt as _;
use url::Url;

use crate::config::ApiBase;

/// The hosts where Discord keeps attachments, over https on its usual port.
const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];
/// How long a whole file may take; the token of an interaction lives 15 minutes.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long the server may take to accept the connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A file attached to a command, as the interaction describes it. The address is signed and expires: it is used at once and
/// never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where it is.
    pub url: String,
    /// Its size in bytes, as announced.
    pub size: u64,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Why a file was not fetched. Holds neither its address nor its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Its address is not one from which files are taken.
    #[error("the address of an attachment is not Discord's")]
    ForeignAddress,
    /// It is larger than this many bytes.
    #[error("an attachment is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The answer is not the file: a redirect, an error.
    #[error("an attachment answered HTTP {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// No answer, or one that broke off.
    #[error("an attachment could not be read")]
    Network,
}

/// Whether files are taken from this address.
#[must_use]
pub fn is_allowed(url: &Url, base: Option<&ApiBase>) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    let discord = url.scheme() == "https"
        && url.port_or_known_default() == Some(443)
        && url.host_str().is_some_and(|host| HOSTS.contains(&host));
    plain && (discord || base.is_some_and(|base| base.is_origin_of(url)))
}

/// Fetches a file of at most `limit` bytes.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch(attachment: &Attachment, base: Option<&ApiBase>, limit: u64) -> Result<Vec<u8>, FetchError> {
    let url = Url::parse(&attachment.url).map_err(|_| FetchError::ForeignAddress)?;
    if !is_allowed(&url, base) {
        return Err(FetchError::ForeignAddress);
    }
    if attachment.size > limit {
        return Err(FetchError::TooLarge { limit });
    }
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TIMEOUT)
        .build()
        .map_err(|_| FetchError::Network)?;
    let answer = client.get(url).send().await.map_err(|_| FetchError::Network)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status {
            status: answer.status().as_u16(),
        });
    }
    if answer.content_length().is_some_and(|length| length > limit) {
        return Err(FetchError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| FetchError::Network)?;
        if (bytes.len() + piece.len()) as u64 > limit {
            return Err(FetchError::TooLarge { limit });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives each caller the same bytes, head included.
    async fn server(answer: Vec<u8>) -> ApiBase {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = ApiBase::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut asked = [0; 1024];
                    let _ = socket.read(&mut asked).await;
                    // The caller may hang up before the end, which is what some tests are about.
                    let _ = socket.write_all(&answer).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        base
    }

    fn attached(base: &ApiBase, size: u64) -> Attachment {
        Attachment {
            url: format!("{}/attachments/1/2/export.csv?ex=1", base.as_str()),
            size,
        }
    }

    #[test]
    fn only_the_places_of_discord_are_allowed() {
        let base = ApiBase::parse("http://127.0.0.1:8080").unwrap();
        for (url, allowed) in [
            ("https://cdn.discordapp.com/attachments/1/2/a.csv?ex=1", true),
            ("https://media.discordapp.net/attachments/1/2/a.csv", true),
            ("http://127.0.0.1:8080/attachments/1/2/a.csv", true),
            ("http://cdn.discordapp.com/attachments/1/2/a.csv", false),
            ("https://cdn.discordapp.com:8443/a.csv", false),
            ("https://cdn.discordapp.com.example.org/a.csv", false),
            ("https://user@cdn.discordapp.com/a.csv", false),
            ("http://user@127.0.0.1:8080/a.csv", false),
            ("http://127.0.0.1:8081/a.csv", false),
            ("https://127.0.0.1:8080/a.csv", false),
            ("http://localhost:8080/a.csv", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_allowed(&Url::parse(url).unwrap(), Some(&base)), allowed, "{url}");
        }
        let local = Url::parse("http://127.0.0.1:8080/attachments/1/2/a.csv").unwrap();
        assert!(!is_allowed(&local, None));
    }

    #[tokio::test]
    async fn a_file_is_fetched_whole() {
        let base = server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlunel".to_vec()).await;
        assert_eq!(fetch(&attached(&base, 5), Some(&base), 10).await, Ok(b"lunel".to_vec()));
    }

    #[tokio::test]
    async fn sizes_are_checked_before_and_while_reading() {
        let too_large = Err(FetchError::TooLarge { limit: 10 });
        let base = server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlunel".to_vec()).await;
        assert_eq!(fetch(&attached(&base, 11), Some(&base), 10).await, too_large);
        let announced = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n".as_slice(),
            &[b'x'; 11],
        ]
        .concat();
        let base = server(announced).await;
        assert_eq!(fetch(&attached(&base, 5), Some(&base), 10).await, too_large);
        // Nothing announced: read to its end, or to the limit.
        let silent = [
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(),
            &[b'x'; 500_000],
        ]
        .concat();
        let base = server(silent).await;
        assert_eq!(fetch(&attached(&base, 5), Some(&base), 10).await, too_large);
    }

    #[tokio::test]
    async fn redirects_and_errors_are_not_followed() {
        let base = server(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_vec(),
        )
        .await;
        assert_eq!(
            fetch(&attached(&base, 5), Some(&base), 10).await,
            Err(FetchError::Status { status: 302 })
        );
        let base = server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()).await;
        assert_eq!(
            fetch(&attached(&base, 5), Some(&base), 10).await,
            Err(FetchError::Status { status: 404 })
        );
        let base = server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nlunel".to_vec()).await;
        assert_eq!(
            fetch(&attached(&base, 5), Some(&base), 10).await,
            Err(FetchError::Network)
        );
    }
}
