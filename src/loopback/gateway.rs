//! The gateway: sessions that number their events, and the socket through which a bot listens to one.
//!
//! Frames are plain JSON text; serenity accepts it although its IDENTIFY asks for compression (discord.md §4).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::handle::Shared;
use super::net::Connection;
use super::snowflake::{Id, iso};
use super::wire;
use super::world::World;

/// Gateway intents (Discord documentation, «Gateway Intents»).
pub mod intents {
    /// Servers, roles, channels.
    pub const GUILDS: u64 = 1;
    /// Members; privileged.
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    /// Invitations.
    pub const GUILD_INVITES: u64 = 1 << 6;
    /// Presences; privileged.
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    /// Messages of servers.
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    /// Messages of direct conversations.
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    /// Contents of others' messages; privileged.
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Scheduled events.
    pub const GUILD_SCHEDULED_EVENTS: u64 = 1 << 16;
    /// Those that must be switched on in the developer portal.
    pub const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
    /// Every bit that Discord knows.
    pub(crate) const KNOWN: u64 = ((1 << 17) - 1) | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);
}

/// Events kept for a session that may come back; older ones are lost.
const REPLAY: usize = 20_000;

/// What is said to a socket.
#[derive(Debug)]
pub(super) enum ToSocket {
    Text(String),
    Close(Option<u16>),
    /// The connection breaks without a word.
    Cut,
}

/// One identified session, connected or waiting to be resumed.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) intents: u64,
    seq: u64,
    kept: VecDeque<(u64, String)>,
    link: Option<(u64, mpsc::UnboundedSender<ToSocket>)>,
}

impl Session {
    /// Numbers an event, keeps it for a replay and sends it when somebody listens.
    pub(super) fn push(&mut self, name: &str, data: &Value) {
        self.seq += 1;
        let text = json!({"op": 0, "s": self.seq, "t": name, "d": data}).to_string();
        if let Some((_, link)) = &self.link {
            // A closed link is noticed by its own task.
            let _ = link.send(ToSocket::Text(text.clone()));
        }
        self.kept.push_back((self.seq, text));
        if self.kept.len() > REPLAY {
            self.kept.pop_front();
        }
    }
}

/// All sessions, and what has been counted about connections.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    list: BTreeMap<String, Session>,
    next: u64,
    /// Open sockets, identified or not.
    sockets: BTreeMap<u64, mpsc::UnboundedSender<ToSocket>>,
    /// Times at which an IDENTIFY was accepted, by the world's clock.
    pub(super) identifies: Vec<DateTime<Utc>>,
    pub(super) resumes: u32,
    pub(super) connections: u32,
    /// Neither events nor acknowledgements leave: the gateway has died without a word.
    pub(super) silent: bool,
    /// Events happen without reaching any session, nor any replay.
    pub(super) losing: bool,
    /// When all members were last asked for, by server (one request per 30 s).
    chunked: BTreeMap<Id, DateTime<Utc>>,
}

impl Sessions {
    /// Connected sessions.
    pub(super) fn count(&self) -> usize {
        self.list.values().filter(|s| s.link.is_some()).count()
    }

    pub(super) fn listening(&mut self) -> impl Iterator<Item = &mut Session> {
        let losing = self.losing;
        self.list.values_mut().filter(move |_| !losing)
    }

    pub(super) fn tell_all(&self, what: impl Fn() -> ToSocket) {
        for link in self.sockets.values() {
            let _ = link.send(what());
        }
    }

    pub(super) fn forget_all(&mut self) {
        self.list.clear();
    }

    fn open(&mut self, link: mpsc::UnboundedSender<ToSocket>) -> u64 {
        self.next += 1;
        self.connections += 1;
        self.sockets.insert(self.next, link);
        self.next
    }

    /// The socket is gone. A session closed by 1000 or 1001 ends; others wait for a RESUME.
    fn closed(&mut self, socket: u64, clean: bool) {
        self.sockets.remove(&socket);
        let of_socket = |s: &Session| s.link.as_ref().is_some_and(|(n, _)| *n == socket);
        if clean {
            self.list.retain(|_, s| !of_socket(s));
        }
        for session in self.list.values_mut().filter(|s| of_socket(s)) {
            session.link = None;
        }
    }
}

/// What the reader of one socket has learnt.
struct Reader {
    socket: u64,
    link: mpsc::UnboundedSender<ToSocket>,
    identified: bool,
    /// Instants of what was received, for the limit of 120 a minute.
    received: VecDeque<Instant>,
}

/// A reason to close, as a code, or an answer already sent.
type Heard = Result<(), u16>;

/// Serves one gateway connection until it ends.
pub(super) async fn serve(shared: Shared, connection: Connection, mut socket: WebSocket) {
    let (link, mut outbox) = mpsc::unbounded_channel();
    let (number, interval) = shared.write(|w| (w.sessions.open(link.clone()), w.settings.heartbeat));
    let hello = json!({"op": 10, "s": null, "t": null, "d": {
        "heartbeat_interval": u64::try_from(interval.as_millis()).unwrap_or(41_250), "_trace": ["loopback"]}});
    let mut clean = false;
    if socket.send(Frame::Text(hello.to_string().into())).await.is_ok() {
        let mut reader = Reader {
            socket: number,
            link,
            identified: false,
            received: VecDeque::new(),
        };
        loop {
            tokio::select! {
                what = outbox.recv() => match what {
                    Some(ToSocket::Text(_)) if shared.read(|w| w.sessions.silent) => {}
                    Some(ToSocket::Text(text)) => {
                        if socket.send(Frame::Text(text.into())).await.is_err() {
                            break;
                        }
                    }
                    Some(ToSocket::Close(code)) => {
                        let frame = code.map(|code| CloseFrame { code, reason: "".into() });
                        let _ = socket.send(Frame::Close(frame)).await;
                        drain(&mut socket).await;
                        break;
                    }
                    Some(ToSocket::Cut) | None => {
                        connection.cut();
                        break;
                    }
                },
                frame = socket.recv() => match frame {
                    Some(Ok(Frame::Text(text))) => {
                        let heard = shared.write(|w| reader.hear(w, &text));
                        if let Err(code) = heard {
                            let _ = socket.send(Frame::Close(Some(CloseFrame { code, reason: "".into() }))).await;
                            drain(&mut socket).await;
                            break;
                        }
                    }
                    Some(Ok(Frame::Close(frame))) => {
                        clean = frame.is_some_and(|f| matches!(f.code, 1000 | 1001));
                        break;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
    }
    shared.write(|w| w.sessions.closed(number, clean));
}

/// Lets the peer finish the closing handshake; a peer that never does is left after two seconds.
async fn drain(socket: &mut WebSocket) {
    let rest = async {
        while let Some(Ok(frame)) = socket.recv().await {
            if matches!(frame, Frame::Close(_)) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), rest).await;
}

impl Reader {
    fn say(&self, value: &Value) {
        let _ = self.link.send(ToSocket::Text(value.to_string()));
    }

    fn hear(&mut self, world: &mut World, text: &str) -> Heard {
        if text.len() > 4096 {
            return Err(4002);
        }
        let now = Instant::now();
        self.received.push_back(now);
        self.received
            .retain(|at| now.duration_since(*at) < Duration::from_secs(60));
        if self.received.len() > 120 {
            return Err(4008);
        }
        let Ok(payload) = serde_json::from_str::<Value>(text) else {
            return Err(4002);
        };
        let data = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) => {
                self.say(&json!({"op": 11, "s": null, "t": null, "d": null}));
                Ok(())
            }
            Some(2) => self.identify(world, data),
            Some(6) => self.resume(world, data),
            Some(3 | 4 | 31) if self.identified => Ok(()),
            Some(8) if self.identified => self.chunk(world, data),
            Some(3 | 4 | 8 | 31) => Err(4003),
            _ => Err(4001),
        }
    }

    fn identify(&mut self, world: &mut World, data: &Value) -> Heard {
        if self.identified {
            return Err(4005);
        }
        if !is_token(world, &data["token"]) {
            return Err(4004);
        }
        let Some(intents) = data["intents"].as_u64() else {
            return Err(4013);
        };
        if intents & !intents::KNOWN != 0 {
            return Err(4013);
        }
        if intents & intents::PRIVILEGED & !world.bot.privileged_intents != 0 {
            return Err(4014);
        }
        let now = world.now();
        world.sessions.identifies.push(now);
        let today = world
            .sessions
            .identifies
            .iter()
            .filter(|at| now - **at < chrono::TimeDelta::hours(24))
            .count();
        if today > world.settings.identify_limit {
            // Discord resets the token of an application that identifies too often: nothing works any more.
            world.bot.token = format!("reset-{}", world.bot.token);
            return Err(4004);
        }
        self.identified = true;
        world.sessions.list.retain(|_, s| s.link.is_some());
        let id = format!("session-{}", world.next_id());
        let session = Session {
            id: id.clone(),
            intents,
            seq: 0,
            kept: VecDeque::new(),
            link: Some((self.socket, self.link.clone())),
        };
        let ready = ready(world, &session);
        let guilds: Vec<Value> = world
            .guilds
            .values()
            .filter(|g| intents & intents::GUILDS != 0 && g.members.contains_key(&world.bot.user_id))
            .map(|g| wire::guild_create(world, g))
            .collect();
        world.sessions.list.insert(id.clone(), session);
        if let Some(session) = world.sessions.list.get_mut(&id) {
            session.push("READY", &ready);
            for guild in &guilds {
                session.push("GUILD_CREATE", guild);
            }
        }
        Ok(())
    }

    fn resume(&mut self, world: &mut World, data: &Value) -> Heard {
        if !is_token(world, &data["token"]) {
            return Err(4004);
        }
        let id = data["session_id"].as_str().unwrap_or_default();
        let from = data["seq"].as_u64().unwrap_or(0);
        let Some(session) = world.sessions.list.get_mut(id) else {
            self.say(&json!({"op": 9, "s": null, "t": null, "d": false}));
            return Ok(());
        };
        if from > session.seq {
            return Err(4007);
        }
        session.link = Some((self.socket, self.link.clone()));
        self.identified = true;
        for (_, text) in session.kept.iter().filter(|(seq, _)| *seq > from) {
            let _ = self.link.send(ToSocket::Text(text.clone()));
        }
        session.push("RESUMED", &json!({"_trace": ["loopback"]}));
        world.sessions.resumes += 1;
        Ok(())
    }

    /// Op 8: members by pieces of 1000. All members can be asked for once per 30 s and server.
    fn chunk(&mut self, world: &mut World, data: &Value) -> Heard {
        let guild_id: Id = data["guild_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
        let now = world.now();
        let Some(guild) = world.guilds.get(&guild_id) else {
            return Ok(());
        };
        let socket = self.socket;
        let Some(own) = world
            .sessions
            .list
            .values()
            .find(|s| s.link.as_ref().is_some_and(|(n, _)| *n == socket))
        else {
            return Err(4003);
        };
        let (session_id, all) = (
            own.id.clone(),
            data["query"].as_str() == Some("") && data["limit"].as_u64() == Some(0),
        );
        if all {
            // Discord asks for the privileged intent before it gives everyone.
            if own.intents & intents::GUILD_MEMBERS == 0 {
                return Err(4014);
            }
            let last = world.sessions.chunked.get(&guild_id).copied();
            if let Some(wait) = last
                .map(|at| 30.0 - (now - at).as_seconds_f64())
                .filter(|wait| *wait > 0.0)
            {
                let body = json!({"opcode": 8, "retry_after": wait, "meta": {"guild_id": wire::id(guild_id)}});
                if let Some(session) = world.sessions.list.get_mut(&session_id) {
                    session.push("RATE_LIMITED", &body);
                }
                return Ok(());
            }
        }
        let wanted: Option<Vec<Id>> = match &data["user_ids"] {
            Value::Array(list) => Some(list.iter().filter_map(|v| v.as_str()?.parse().ok()).collect()),
            Value::String(one) => Some(one.parse().into_iter().collect()),
            _ => None,
        };
        let query = data["query"].as_str().unwrap_or_default().to_lowercase();
        let limit = if all {
            usize::MAX
        } else {
            usize::try_from(data["limit"].as_u64().unwrap_or(100))
                .unwrap_or(100)
                .min(100)
        };
        let chosen: Vec<Value> = guild
            .members
            .values()
            .filter(|m| match &wanted {
                Some(list) => list.contains(&m.user_id),
                None => world
                    .users
                    .get(&m.user_id)
                    .is_some_and(|u| u.username.to_lowercase().starts_with(&query)),
            })
            .take(limit)
            .map(|m| wire::member(world, m))
            .collect();
        let missing: Vec<Value> = wanted
            .iter()
            .flatten()
            .filter(|id| !guild.members.contains_key(id))
            .map(|id| wire::id(*id))
            .collect();
        let pieces: Vec<&[Value]> = if chosen.is_empty() {
            vec![&[]]
        } else {
            chosen.chunks(1000).collect()
        };
        let events: Vec<Value> = pieces
            .iter()
            .enumerate()
            .map(|(n, piece)| {
                let mut event = json!({"guild_id": wire::id(guild_id), "members": piece, "chunk_index": n,
                    "chunk_count": pieces.len(), "not_found": missing});
                if let Some(nonce) = data.get("nonce").filter(|n| !n.is_null()) {
                    event["nonce"] = nonce.clone();
                }
                event
            })
            .collect();
        if all {
            world.sessions.chunked.insert(guild_id, now);
        }
        if let Some(session) = world.sessions.list.get_mut(&session_id) {
            for event in &events {
                session.push("GUILD_MEMBERS_CHUNK", event);
            }
        }
        Ok(())
    }
}

/// serenity sends «Bot …» here as in its headers, and Discord takes it.
fn is_token(world: &World, shown: &Value) -> bool {
    shown
        .as_str()
        .is_some_and(|t| t.strip_prefix("Bot ").unwrap_or(t) == world.bot.token)
}

fn ready(world: &World, session: &Session) -> Value {
    let guilds: Vec<Value> = world
        .guilds
        .values()
        .filter(|g| g.members.contains_key(&world.bot.user_id))
        .map(|g| json!({"id": wire::id(g.id), "unavailable": true}))
        .collect();
    let mut user = world.users.get(&world.bot.user_id).map_or(Value::Null, wire::user);
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(false);
    user["email"] = Value::Null;
    user["flags"] = json!(0);
    json!({
        "v": 10, "user": user, "guilds": guilds, "session_id": session.id, "session_type": "normal",
        "resume_gateway_url": world.gateway_url(), "shard": [0, 1], "user_settings": {}, "relationships": [],
        "private_channels": [], "presences": [], "guild_join_requests": [], "geo_ordered_rtc_regions": ["paris"],
        "application": {"id": wire::id(world.bot.application_id), "flags": world.application_flags()},
        "_trace": ["loopback"], "connected_at": iso(world.now()),
    })
}

impl World {
    /// Gateway sessions connected now.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.sessions.count()
    }

    pub(super) fn gateway_url(&self) -> String {
        self.base_url.replacen("http", "ws", 1)
    }

    /// Flags of an unverified application: the «limited» variant of each privileged intent that is on.
    pub(super) fn application_flags(&self) -> u64 {
        [
            (intents::GUILD_PRESENCES, 1 << 13),
            (intents::GUILD_MEMBERS, 1 << 15),
            (intents::MESSAGE_CONTENT, 1 << 19),
        ]
        .into_iter()
        .filter(|(intent, _)| self.bot.privileged_intents & intent != 0)
        .fold(0, |sum, (_, flag)| sum | flag)
    }
}
