//! The port: connections that can be cut with a TCP reset, and an address that can refuse or drop newcomers.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the port behaves towards new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Connections are served.
    Up,
    /// Nobody listens on the port: connections are refused.
    Refusing,
    /// Connections are accepted and dropped at once.
    Dropping,
}

#[derive(Debug, Default)]
struct Switch {
    cut: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

/// A handle on one connection.
#[derive(Clone, Debug)]
pub(super) struct Connection(Arc<Switch>);

impl Connection {
    /// Breaks the connection: the peer sees a reset.
    pub(super) fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
        for waker in self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            waker.wake();
        }
    }
}

impl Connected<IncomingStream<'_, Port>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        stream.io().connection.clone()
    }
}

/// A connection of which the loopback keeps the plug.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Connection,
}

impl Wire {
    fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        if self.connection.0.cut.load(Ordering::SeqCst) {
            // A zero linger makes the close a reset instead of an orderly end.
            let _ = self.stream.set_zero_linger();
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let mut wakers = self.connection.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The plugs of all open connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Plugs(Arc<Mutex<Vec<Weak<Switch>>>>);

impl Plugs {
    fn add(&self, connection: &Connection) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|switch| switch.strong_count() > 0);
        list.push(Arc::downgrade(&connection.0));
    }

    /// Breaks every open connection.
    pub(super) fn cut_all(&self) {
        let list: Vec<_> = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .collect();
        for switch in list.iter().filter_map(Weak::upgrade) {
            Connection(switch).cut();
        }
    }
}

/// The listening port, which follows the state of the network.
pub(super) struct Port {
    address: SocketAddr,
    listener: Option<TcpListener>,
    state: watch::Receiver<Network>,
    plugs: Plugs,
}

impl Port {
    pub(super) async fn bind(port: u16, state: watch::Receiver<Network>, plugs: Plugs) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            state,
            plugs,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener in the present state: none while refusing, bound again to the same port afterwards.
    async fn listener(&mut self) -> Option<&TcpListener> {
        if *self.state.borrow_and_update() == Network::Refusing {
            self.listener = None;
        } else if self.listener.is_none() {
            self.listener = TcpListener::bind(self.address).await.ok();
        }
        self.listener.as_ref()
    }
}

impl Listener for Port {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            let mut state = self.state.clone();
            let Some(listener) = self.listener().await else {
                // Refusing, or the port is not free again yet: look once more when told, or soon.
                let _ = tokio::time::timeout(Duration::from_millis(20), state.changed()).await;
                continue;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = state.changed() => continue,
            };
            let Ok((stream, peer)) = accepted else { continue };
            if *state.borrow() == Network::Dropping {
                continue;
            }
            let connection = Connection(Arc::default());
            self.plugs.add(&connection);
            return (Wire { stream, connection }, peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
