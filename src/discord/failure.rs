//! What a failed request to Discord means for us (Discord documentation, topics/opcodes-and-status-codes).
//!
//! A failure holds the JSON code and the HTTP status only: serenity's own errors also hold the address, which may bear the
//! token of an interaction, and Discord's words, which may quote what was sent.

use serenity::http::HttpError;

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No answer, 5xx, 429: the same request may pass later. It may also have been done already.
    Transient,
    /// The object is gone: a channel, a message, a role, a member.
    Missing,
    /// A permission lacks, or the person's direct messages are closed: the same request will not pass.
    Forbidden,
    /// The request itself is wrong, or its object can no longer change.
    Invalid,
    /// A limit of the server is reached: channels, roles, pins, events, commands.
    LimitReached,
    /// The token of the bot is not, or no longer, accepted.
    TokenRefused,
}

/// A failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}, code {}, HTTP {}", code.map_or_else(|| "none".to_owned(), |c| c.to_string()), status.map_or_else(|| "none".to_owned(), |s| s.to_string()))]
pub struct ApiFailure {
    /// What can be done about it.
    pub kind: Kind,
    /// Discord's JSON code, when the answer had one.
    pub code: Option<i64>,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
}

/// «Unknown Channel».
pub const UNKNOWN_CHANNEL: i64 = 10_003;
/// «Unknown Guild».
pub const UNKNOWN_GUILD: i64 = 10_004;
/// «Unknown Message».
pub const UNKNOWN_MESSAGE: i64 = 10_008;
/// «Unknown Webhook»: the token of an interaction is not known, or too old.
pub const UNKNOWN_WEBHOOK: i64 = 10_015;
/// «Maximum number of edits to messages older than 1 hour reached», a 429.
pub const OLD_EDITS: i64 = 30_046;
/// «Max number of daily application command creates has been reached».
pub const COMMANDS_OF_THE_DAY: i64 = 30_034;
/// «You are opening direct messages too fast».
pub const DIRECT_MESSAGES_TOO_FAST: i64 = 40_003;
/// «Cannot send messages to this user».
pub const CLOSED_TO_US: i64 = 50_007;
/// «Invalid webhook token»: more than 15 minutes after the interaction.
pub const EXPIRED_WEBHOOK: i64 = 50_027;
/// «Cannot send messages to this user due to having no mutual guilds».
pub const NO_MUTUAL_GUILD: i64 = 50_278;

impl ApiFailure {
    /// No answer at all, or not in time.
    pub const UNREACHABLE: ApiFailure = ApiFailure {
        kind: Kind::Transient,
        code: None,
        status: None,
    };

    /// What an answer with this status and JSON code means.
    #[must_use]
    pub fn of(status: u16, code: Option<i64>) -> Self {
        // An answer without a code of its own: `0` is Discord's «general error», negative ones are serenity's.
        let code = code.filter(|code| *code > 0);
        Self {
            kind: kind(status, code),
            code,
            status: Some(status),
        }
    }

    /// What serenity's error means.
    #[must_use]
    pub fn read(error: &serenity::Error) -> Self {
        match error {
            serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
                Self::of(response.status_code.as_u16(), i64::try_from(response.error.code).ok())
            }
            // The connection failed, or the answer was cut: nothing says whether the request was done.
            serenity::Error::Http(HttpError::Request(_)) | serenity::Error::Io(_) => Self::UNREACHABLE,
            // An answer that cannot be read is an answer: the request was done.
            serenity::Error::Json(_) => Self {
                kind: Kind::Invalid,
                code: None,
                status: None,
            },
            // Known only once the gateway has greeted us.
            serenity::Error::Http(HttpError::ApplicationIdMissing) => Self::UNREACHABLE,
            _ => Self {
                kind: Kind::Invalid,
                code: None,
                status: None,
            },
        }
    }

    /// Whether the same request may pass later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    /// Whether this person takes no direct message from us.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.code, Some(CLOSED_TO_US | NO_MUTUAL_GUILD))
    }
}

fn kind(status: u16, code: Option<i64>) -> Kind {
    match (status, code) {
        (401, _) | (_, Some(40_001 | 50_014)) => Kind::TokenRefused,
        (429, _) | (500.., _) => Kind::Transient,
        // Write limits, slow mode, edits of old messages, an overloaded service: later.
        (_, Some(20_016 | 20_028 | 20_029 | 30_046 | 40_062 | 130_000)) => Kind::Transient,
        (_, Some(10_001..=10_099)) => Kind::Missing,
        (_, Some(30_001..=30_099 | 160_006)) => Kind::LimitReached,
        (403, _) | (_, Some(50_001 | 50_013)) => Kind::Forbidden,
        (404, _) => Kind::Missing,
        _ => Kind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_leads_to_what_can_be_done() {
        for (status, code, expected) in [
            (503, None, Kind::Transient),
            (429, None, Kind::Transient),
            (429, Some(30_046), Kind::Transient),
            (400, Some(20_028), Kind::Transient),
            (404, Some(UNKNOWN_CHANNEL), Kind::Missing),
            (404, Some(0), Kind::Missing),
            (400, Some(30_013), Kind::LimitReached),
            (400, Some(COMMANDS_OF_THE_DAY), Kind::LimitReached),
            (403, Some(CLOSED_TO_US), Kind::Forbidden),
            (403, Some(50_013), Kind::Forbidden),
            (400, Some(50_035), Kind::Invalid),
            (401, Some(0), Kind::TokenRefused),
            (401, Some(-1), Kind::TokenRefused),
        ] {
            assert_eq!(ApiFailure::of(status, code).kind, expected, "{status} {code:?}");
        }
    }

    #[test]
    fn closed_direct_messages_are_told_from_a_lacking_permission() {
        assert!(ApiFailure::of(403, Some(CLOSED_TO_US)).is_closed());
        assert!(ApiFailure::of(403, Some(NO_MUTUAL_GUILD)).is_closed());
        assert!(!ApiFailure::of(403, Some(50_013)).is_closed());
    }

    #[test]
    fn a_failure_shows_numbers_only() {
        let text = ApiFailure::of(403, Some(50_013)).to_string();
        assert_eq!(text, "Forbidden, code 50013, HTTP 403");
        assert_eq!(ApiFailure::UNREACHABLE.to_string(), "Transient, code none, HTTP none");
    }
}
