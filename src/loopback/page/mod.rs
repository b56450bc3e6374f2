//! A page in which people see and use this Discord from a browser: a small chat client, for any bot.
//!
//! It knows nothing of the bot: it shows the [`World`] as one chosen person sees it, and acts through [`super::Person`],
//! who can do what a Discord client lets people do and nothing else. Who may be chosen, the moments to which time can
//! jump and the steps of a guided tour are data ([`Stage`]).
//!
//! The server is level-triggered, as is everything here. What one person sees is a handful of parts (`view`), each a
//! JSON value computed from the world; on every change they are computed anew, and the parts that differ are sent
//! (`live`). An event cannot be lost, and a second tab, a sleeping phone or a restarted bot need no special case.
//! The price is some milliseconds of computing for each open tab, which a sandbox can pay.
//!
//! What protects it (`door`): the port is bound on 127.0.0.1 only; `Host` must be that address and `Origin`, when there
//! is one, the page itself; everything but the page's own files asks for a key that is made anew at each start, travels
//! in the fragment of the printed address (which browsers send to nobody) and then in a header. The page loads nothing
//! from elsewhere, its Content-Security-Policy allows no inline script or style, and what people and bots wrote only
//! ever becomes text nodes.

mod acts;
mod assets;
mod door;
mod live;
mod stage;
mod view;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use stage::{Character, Jump, Moment, Newcomer, Stage, Stop};

use super::handle::Handle;
use super::world::World;
use door::Door;

/// The port that is tried first (product.md §18).
pub const PORT: u16 = 8787;
/// The greatest request: ten files of 10 MiB would be too much for a sandbox, one in base64 fits.
const MAX_REQUEST: usize = 16 * 1024 * 1024;

/// What the handlers share.
struct Inner {
    handle: Handle,
    stage: Stage,
    door: Door,
    /// The cast, newcomers included, in the order of their arrival.
    cast: Mutex<Vec<Character>>,
    /// How many of the stage's newcomers have arrived.
    arrived: Mutex<usize>,
    /// The steps of the tour that have been seen done; a step once done stays so.
    done: Vec<AtomicBool>,
    /// Told when something changed that is not in the world: the cast.
    changed: watch::Sender<u64>,
    /// Cancelled when the page is no longer served: what is open then is closed.
    end: CancellationToken,
}

/// The handlers' way to everything.
#[derive(Clone)]
struct Shared(Arc<Inner>);

impl Shared {
    fn cast(&self) -> Vec<Character> {
        self.0.cast.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks which steps of the tour are done by now.
    fn ticks(&self, world: &World) -> Vec<bool> {
        let looked = self.0.stage.tour.iter().zip(&self.0.done).map(|(stop, done)| {
            if !done.load(Ordering::Relaxed) && (stop.done)(world) {
                done.store(true, Ordering::Relaxed);
            }
            done.load(Ordering::Relaxed)
        });
        looked.collect()
    }
}

/// The page while it is served; dropped, it stops.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    key: String,
    end: CancellationToken,
}

impl Page {
    /// Serves the page on `port` of 127.0.0.1, or on a free one when that is taken.
    ///
    /// # Errors
    /// When no port can be had, or the system gives no random key.
    pub async fn serve(handle: Handle, stage: Stage, port: u16) -> io::Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let door = Door::new(address.port())?;
        let key = door.key().to_owned();
        let end = CancellationToken::new();
        let ended = end.clone();
        let shared = Shared(Arc::new(Inner {
            cast: Mutex::new(stage.cast.clone()),
            arrived: Mutex::new(0),
            done: stage.tour.iter().map(|_| AtomicBool::new(false)).collect(),
            changed: watch::Sender::new(0),
            end: end.clone(),
            handle,
            stage,
            door,
        }));
        let locked = Router::new()
            .route("/api/view", get(view::get))
            .route("/api/act", post(acts::act))
            .route("/api/clock", post(acts::clock))
            .route("/api/newcomer", post(acts::newcomer))
            .route("/api/file/{id}/{name}", get(acts::file))
            .route_layer(axum::middleware::from_fn_with_state(shared.clone(), door::keyed));
        let router = Router::new()
            .route("/", get(assets::index))
            .route("/web/{file}", get(assets::file))
            .route("/api/live", get(live::upgrade))
            .merge(locked)
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .layer(axum::middleware::from_fn_with_state(shared.clone(), door::guarded))
            .with_state(shared);
        tokio::spawn(async move {
            tokio::select! {
                served = async { axum::serve(listener, router).await } => {
                    if let Err(error) = served {
                        tracing::error!(%error, "the page has stopped serving");
                    }
                }
                () = ended.cancelled() => {}
            }
        });
        Ok(Self { address, key, end })
    }

    /// Where it is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that every request must show, in the header `x-sandbox-key`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The address to open in a browser, key included.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/#cle={}", self.address, self.key)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
