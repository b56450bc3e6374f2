//! Images drawn away from the threads that answer people, and the map of the country kept until it changes.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::drawing;
use crate::error::Error;

/// The last map drawn, with the hash of all that it shows. Whoever asks while it is being drawn waits for it.
#[derive(Debug, Default)]
pub struct LastImage(Mutex<Option<Drawn>>);

/// The hash of an SVG, and the PNG drawn from it.
type Drawn = ([u8; 32], Arc<[u8]>);

impl LastImage {
    /// The image of this SVG: the one kept when it is the same, else drawn now.
    ///
    /// # Errors
    /// As [`draw`].
    pub async fn of(&self, svg: String) -> Result<Arc<[u8]>, Error> {
        let hash = *blake3::hash(svg.as_bytes()).as_bytes();
        let mut last = self.0.lock().await;
        if let Some((known, image)) = last.as_ref()
            && *known == hash
        {
            return Ok(Arc::clone(image));
        }
        let image: Arc<[u8]> = draw(svg).await?.into();
        *last = Some((hash, Arc::clone(&image)));
        Ok(image)
    }
}

/// Draws an image on a thread for long work.
///
/// # Errors
/// When it cannot be drawn: a fault of ours.
pub async fn draw(svg: String) -> Result<Vec<u8>, Error> {
    let failed = |source: std::io::Error| Error::Io {
        doing: "drawing an image",
        source,
    };
    tokio::task::spawn_blocking(move || drawing::png(&svg))
        .await
        .map_err(|panic| failed(std::io::Error::other(panic)))?
        .map_err(|error| failed(std::io::Error::other(error)))
}

/// An image if it could be drawn; the words beside it say the same, so that nobody is left without an answer.
pub fn or_words<T>(drawn: Result<T, Error>) -> Option<T> {
    drawn
        .inspect_err(|error| tracing::error!(error = %error, "an image could not be drawn"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_image_is_kept_until_what_it_shows_changes() {
        let svg = |colour: &str| drawing::svg::Svg::new(8, 8, colour).finish();
        let last = LastImage::default();
        let first = last.of(svg("#ffffff")).await.unwrap();
        assert!(Arc::ptr_eq(&first, &last.of(svg("#ffffff")).await.unwrap()));
        let other = last.of(svg("#000000")).await.unwrap();
        assert_ne!(first, other);
        assert!(last.of("<svg".to_owned()).await.is_err());
        assert!(
            Arc::ptr_eq(&other, &last.of(svg("#000000")).await.unwrap()),
            "a failure forgets nothing"
        );
    }
}
