//! What a tab shows, kept up to date: the parts that changed, over a WebSocket.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::view::{self, Look};

/// Changes that come within this time are told together.
const TOGETHER: Duration = Duration::from_millis(50);
/// How long a new tab has to show its key.
const PATIENCE: Duration = Duration::from_secs(10);
/// Closes a socket whose key is not the right one (4000 to 4999 are free for applications).
const WRONG_KEY: u16 = 4401;

/// What a tab says: first its key, then whenever it looks elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default)]
    key: String,
    look: Look,
}

pub(super) async fn upgrade(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(16 * 1024)
        .on_upgrade(move |socket| serve(shared, socket))
}

async fn serve(shared: Shared, mut socket: WebSocket) {
    let first = tokio::time::timeout(PATIENCE, heard(&mut socket)).await;
    let Ok(Some(Some(said))) = first else { return };
    if !shared.0.door.opens(&said.key) {
        let frame = CloseFrame {
            code: WRONG_KEY,
            reason: "".into(),
        };
        // The tab may be gone already.
        let _ = socket.send(Frame::Close(Some(frame))).await;
        return;
    }
    let mut look = said.look;
    let mut sent: BTreeMap<String, Value> = BTreeMap::new();
    let mut world = shared.0.handle.changes();
    let mut cast = shared.0.changed.subscribe();
    loop {
        world.mark_unchanged();
        cast.mark_unchanged();
        let mut changed = view::parts(&shared, &look);
        changed.retain(|name, value| sent.get(name) != Some(value));
        if !changed.is_empty() {
            // The tab must know which look this answers: it may have turned elsewhere meanwhile.
            let told = json!({"as": look.user, "channel": look.channel, "parts": changed});
            if socket.send(Frame::Text(told.to_string().into())).await.is_err() {
                return;
            }
            sent.extend(changed);
        }
        tokio::select! {
            said = heard(&mut socket) => match said {
                None => return,
                Some(None) => {}
                Some(Some(said)) => {
                    if said.look.channel != look.channel || said.look.user != look.user {
                        // What belongs to the screen left is sent anew, even when it happens to be the same.
                        sent.remove("channel");
                        sent.remove("members");
                    }
                    look = said.look;
                }
            },
            told = world.changed() => {
                if told.is_err() {
                    return;
                }
                tokio::time::sleep(TOGETHER).await;
            }
            () = shared.0.end.cancelled() => return,
            told = cast.changed() => if told.is_err() { return },
        }
    }
}

/// The next thing that a tab says: None when it is gone, Some(None) for what is not understood.
async fn heard(socket: &mut WebSocket) -> Option<Option<Said>> {
    loop {
        match socket.recv().await? {
            Ok(Frame::Text(text)) => return Some(serde_json::from_str(&text).ok()),
            Ok(Frame::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
