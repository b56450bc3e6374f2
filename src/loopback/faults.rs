//! What can go wrong on purpose: on a route, at the gateway, on the network.
//!
//! A [`Fault`] waits for the n-th request that matches a method and a route, and then acts. The list of actions
//! is [`Action`]; the gateway's own accidents are methods of [`GatewayHand`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::gateway::ToSocket;
use super::handle::Handle;
use super::net::Network;

/// What happens to a request.
#[derive(Clone)]
pub enum Action {
    /// Refused before anything is done, with this status, JSON code and message.
    Fail(u16, u32, &'static str),
    /// Done, then answered with this status as if it had failed.
    FailAfter(u16),
    /// The connection is reset before anything is done.
    Reset,
    /// Done, then the connection is reset instead of an answer.
    ResetAfter,
    /// Served after this delay.
    Delay(Duration),
    /// Done at once, answered after this delay.
    DelayAfter(Duration),
    /// 429 with this `retry_after` in seconds; true for the global limit.
    TooMany(f64, bool),
    /// The 429 of Cloudflare: a page of HTML, with `Retry-After` in seconds in its header.
    CloudflareTooMany(u32),
    /// Done, with each event of it delivered twice by the gateway.
    Twice,
    /// Held before anything is done, until the gate is opened.
    Pause(Gate),
    /// Done, and its answer held until the gate is opened.
    PauseAfter(Gate),
    /// Answered by a redirect to this address (for attachments).
    Redirect(String),
    /// Done, then the closure runs before the answer leaves; it may stop the bot, and says what follows.
    Hook(Arc<dyn Fn() -> Then + Send + Sync>),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(status, code, _) => write!(f, "Fail({status}, {code})"),
            Self::FailAfter(status) => write!(f, "FailAfter({status})"),
            Self::Reset => f.write_str("Reset"),
            Self::ResetAfter => f.write_str("ResetAfter"),
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::DelayAfter(time) => write!(f, "DelayAfter({time:?})"),
            Self::TooMany(wait, global) => write!(f, "TooMany({wait}, {global})"),
            Self::CloudflareTooMany(wait) => write!(f, "CloudflareTooMany({wait})"),
            Self::Twice => f.write_str("Twice"),
            Self::Pause(_) => f.write_str("Pause"),
            Self::PauseAfter(_) => f.write_str("PauseAfter"),
            Self::Redirect(to) => write!(f, "Redirect({to})"),
            Self::Hook(_) => f.write_str("Hook"),
        }
    }
}

/// What follows a [`Action::Hook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The answer leaves.
    Answer,
    /// The connection is reset.
    Reset,
}

/// A gate at which requests wait. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    arrived: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arrived: Arc::new(watch::Sender::new(0)),
            open: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Waits until a request stands at the gate.
    ///
    /// # Panics
    /// When none comes within ten seconds.
    pub async fn reached(&self) {
        assert!(
            self.reached_within(Duration::from_secs(10)).await,
            "no request reached the gate within 10 s"
        );
    }

    /// Whether a request comes to stand at the gate within `limit`.
    pub async fn reached_within(&self, limit: Duration) -> bool {
        let mut arrived = self.arrived.subscribe();
        let wait = tokio::time::timeout(limit, arrived.wait_for(|n| *n > 0)).await;
        matches!(wait, Ok(Ok(_)))
    }

    /// How many requests have reached it.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Lets all requests through, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        self.arrived.send_modify(|n| *n += 1);
        let mut open = self.open.subscribe();
        // The sender lives as long as this gate does.
        let _ = open.wait_for(|open| *open).await;
    }
}

/// An accident that waits for its request.
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    route: String,
    skip: usize,
    times: usize,
    action: Action,
}

impl Fault {
    /// On the next request of `method` («GET» …, «*» for any, «MUTATING» for all that change something but answers
    /// to interactions) to `route`: a template («/channels/{channel}/messages») or a path with `*` for any text.
    #[must_use]
    pub fn on(method: &str, route: &str, action: Action) -> Self {
        Self {
            method: method.to_owned(),
            route: route.to_owned(),
            skip: 0,
            times: 1,
            action,
        }
    }

    /// Waits for the n-th matching request, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: usize) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// Acts on that many requests in a row; `usize::MAX` for ever.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, method: &str, template: &str, path: &str) -> bool {
        let method_fits = match self.method.as_str() {
            "*" => true,
            "MUTATING" => {
                method != "GET" && !template.starts_with("/interactions/") && !template.starts_with("/webhooks/")
            }
            wanted => wanted == method,
        };
        method_fits && (self.route == template || glob(&self.route, path))
    }
}

/// Whether `text` is `pattern`, whose stars stand for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |tail| rest.ends_with(tail))
}

/// The accidents still to come.
#[derive(Debug, Default)]
pub(super) struct FaultState {
    waiting: Vec<Fault>,
}

impl FaultState {
    /// The actions for this request, which are used up by it.
    pub(super) fn pick(&mut self, method: &str, template: &str, path: &str) -> Vec<Action> {
        let mut due = Vec::new();
        for fault in &mut self.waiting {
            if fault.matches(method, template, path) {
                if fault.skip > 0 {
                    fault.skip -= 1;
                } else {
                    fault.times = fault.times.saturating_sub(usize::from(fault.times != usize::MAX));
                    due.push(fault.action.clone());
                }
            }
        }
        self.waiting.retain(|fault| fault.times > 0);
        due
    }
}

/// The hand that prepares accidents on routes and on the network.
#[derive(Clone, Debug)]
pub struct FaultHand(pub(super) Handle);

impl FaultHand {
    /// Prepares an accident.
    pub fn add(&self, fault: Fault) {
        self.0.write(|w| w.faults.waiting.push(fault));
    }

    /// Holds the next such request before it is done.
    #[must_use]
    pub fn pause(&self, method: &str, route: &str) -> Gate {
        let gate = Gate::new();
        self.add(Fault::on(method, route, Action::Pause(gate.clone())));
        gate
    }

    /// Lets the n-th mutating call be done and holds its answer: the point at which a test stops the bot.
    #[must_use]
    pub fn pause_after_mutating(&self, n: usize) -> Gate {
        let gate = Gate::new();
        self.add(Fault::on("MUTATING", "*", Action::PauseAfter(gate.clone())).nth(n));
        gate
    }

    /// Runs `hook` when the n-th mutating call is done, before its answer leaves.
    pub fn after_mutating(&self, n: usize, hook: impl Fn() -> Then + Send + Sync + 'static) {
        self.add(Fault::on("MUTATING", "*", Action::Hook(Arc::new(hook))).nth(n));
    }

    /// Every request fails with this status, until [`Self::clear`].
    pub fn outage(&self, status: u16) {
        self.add(Fault::on("*", "*", Action::Fail(status, 0, "upstream error")).times(usize::MAX));
    }

    /// Forgets the accidents that have not happened, and repairs the network and the gateway.
    pub fn clear(&self) {
        self.0.write(|w| {
            w.faults.waiting.clear();
            w.sessions.silent = false;
            w.sessions.losing = false;
        });
        self.network(Network::Up);
    }

    /// How many accidents are still to come.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.read(|w| w.faults.waiting.len())
    }

    /// Changes how the port treats new connections. [`Network::Up`] leaves open ones alone, the others break them.
    pub fn network(&self, state: Network) {
        self.0.set_network(state);
        if state != Network::Up {
            self.cut_connections();
        }
    }

    /// Resets every open connection, REST and gateway.
    pub fn cut_connections(&self) {
        self.0.cut_all();
    }
}

/// The hand on the gateway.
#[derive(Clone, Debug)]
pub struct GatewayHand(pub(super) Handle);

impl GatewayHand {
    fn tell(&self, what: impl Fn() -> ToSocket) {
        self.0.write(|w| w.sessions.tell_all(&what));
    }

    /// Closes every socket with this code; the sessions can be resumed unless the code is 1000 or 1001.
    pub fn close(&self, code: u16) {
        if matches!(code, 1000 | 1001) {
            self.0.write(|w| w.sessions.forget_all());
        }
        self.tell(|| ToSocket::Close(Some(code)));
    }

    /// Closes every socket without saying why.
    pub fn close_without_code(&self) {
        self.tell(|| ToSocket::Close(None));
    }

    /// Resets every gateway connection.
    pub fn cut(&self) {
        self.tell(|| ToSocket::Cut);
    }

    /// Asks every client to reconnect and resume (op 7).
    pub fn ask_reconnect(&self) {
        self.op(7, &Value::Null);
    }

    /// Says that the session is invalid (op 9). Not resumable means forgotten.
    pub fn invalidate(&self, resumable: bool) {
        if !resumable {
            self.forget_sessions();
        }
        self.op(9, &Value::Bool(resumable));
    }

    /// Forgets every session without a word: the next RESUME is refused, and what happened meanwhile is lost.
    pub fn forget_sessions(&self) {
        self.0.write(|w| w.sessions.forget_all());
    }

    /// Neither events nor heartbeat acknowledgements leave any more, as if the gateway were frozen.
    pub fn silence(&self, silent: bool) {
        self.0.write(|w| w.sessions.silent = silent);
    }

    /// Events happen without being told to anyone, even after a resume.
    pub fn lose_events(&self, losing: bool) {
        self.0.write(|w| w.sessions.losing = losing);
    }

    /// Sends a raw dispatch to every session, for events that nothing here produces.
    pub fn dispatch(&self, name: &str, data: &Value) {
        self.0.write(|w| w.emit(name, data, 0));
    }

    fn op(&self, op: u64, data: &Value) {
        let text = serde_json::json!({"op": op, "s": null, "t": null, "d": data}).to_string();
        self.tell(|| ToSocket::Text(text.clone()));
    }

    /// Sessions connected now.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.0.read(|w| w.sessions.count())
    }

    /// How many IDENTIFY were accepted since the start.
    #[must_use]
    pub fn identifies(&self) -> usize {
        self.0.read(|w| w.sessions.identifies.len())
    }

    /// How many RESUME were accepted since the start.
    #[must_use]
    pub fn resumes(&self) -> u32 {
        self.0.read(|w| w.sessions.resumes)
    }

    /// How many sockets were opened since the start.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.0.read(|w| w.sessions.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_templates_and_paths() {
        let fault = Fault::on("POST", "/channels/{channel}/messages", Action::Reset);
        assert!(fault.matches("POST", "/channels/{channel}/messages", "/channels/5/messages"));
        assert!(!fault.matches("GET", "/channels/{channel}/messages", "/channels/5/messages"));
        assert!(glob("/guilds/*/roles", "/guilds/1/roles"));
        assert!(!glob("/guilds/*/roles", "/guilds/1/roles/2"));
        assert!(glob("*", "/anything"));
        assert!(glob("/channels/*", "/channels/5/messages"));
        assert!(!Fault::on("MUTATING", "*", Action::Reset).matches("POST", "/webhooks/{a}/{t}", "/webhooks/1/x"));
    }

    #[test]
    fn the_nth_request_is_hit_and_only_so_many_times() {
        let mut state = FaultState::default();
        state
            .waiting
            .push(Fault::on("GET", "/gateway", Action::Reset).nth(2).times(2));
        let hits: Vec<bool> = (0..5)
            .map(|_| !state.pick("GET", "/gateway", "/gateway").is_empty())
            .collect();
        assert_eq!(hits, [false, true, true, false, false]);
    }
}
