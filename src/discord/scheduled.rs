//! Scheduled events of the server (Discord documentation, resources/guild-scheduled-event). Events held elsewhere
//! («EXTERNAL») are seen by every member, begin and end by themselves, and need no voice channel.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::http::{Http, LightMethod, Route};

use super::failure::{ApiFailure, Kind};
use super::wire::{call, send};
use crate::domain::ids::{EventId, GuildId, UserId};
use crate::domain::meeting_event::{EventEdit, EventSpec, SeenEvent, Status};

/// «Cannot update a finished event».
const FINISHED: i64 = 180_000;
/// Seen by the members of the server only: the only level that there is.
const GUILD_ONLY: u8 = 2;
/// Held elsewhere than in a voice channel.
const EXTERNAL: u8 = 3;
/// The numbers of the states that an event can be put in.
const COMPLETED: u8 = 3;
const CANCELED: u8 = 4;

/// An event, as Discord writes it.
#[derive(Deserialize)]
struct RawEvent {
    id: String,
    #[serde(default)]
    creator_id: Option<String>,
    name: String,
    #[serde(default)]
    description: Option<String>,
    scheduled_start_time: DateTime<Utc>,
    #[serde(default)]
    scheduled_end_time: Option<DateTime<Utc>>,
    status: u8,
    #[serde(default)]
    entity_metadata: Option<RawPlace>,
}

#[derive(Deserialize)]
struct RawPlace {
    #[serde(default)]
    location: Option<String>,
}

impl RawEvent {
    /// `None` for an id that is no number, which Discord never writes.
    fn seen(self) -> Option<SeenEvent> {
        Some(SeenEvent {
            id: EventId(self.id.parse().ok()?),
            creator: self.creator_id.and_then(|id| id.parse().ok()).map(UserId),
            name: self.name,
            description: self.description.unwrap_or_default(),
            location: self
                .entity_metadata
                .and_then(|place| place.location)
                .unwrap_or_default(),
            starts_at: self.scheduled_start_time,
            ends_at: self.scheduled_end_time,
            status: match self.status {
                1 => Status::Scheduled,
                2 => Status::Active,
                _ => Status::Over,
            },
        })
    }
}

/// The events of the server that are announced or going on.
///
/// # Errors
/// As Discord fails or refuses.
pub async fn list(http: &Http, guild: GuildId) -> Result<Vec<SeenEvent>, ApiFailure> {
    let route = Route::GuildScheduledEvents {
        guild_id: guild.0.into(),
    };
    let events: Vec<RawEvent> = call(http, LightMethod::Get, route, None, None).await?;
    Ok(events.into_iter().filter_map(RawEvent::seen).collect())
}

/// Makes an event: one occurrence, no recurrence rule, which Discord expands in UTC (product.md §11).
///
/// # Errors
/// As Discord fails or refuses; it may have been made all the same.
pub async fn create(http: &Http, guild: GuildId, spec: &EventSpec) -> Result<SeenEvent, ApiFailure> {
    let route = Route::GuildScheduledEvents {
        guild_id: guild.0.into(),
    };
    let event: RawEvent = call(http, LightMethod::Post, route, None, Some(&body(spec))).await?;
    event.seen().ok_or(ApiFailure::UNREACHABLE)
}

/// Changes an event.
///
/// # Errors
/// As Discord fails or refuses; [`Kind::Missing`] when it is gone, or over.
pub async fn edit(http: &Http, guild: GuildId, event: EventId, edit: &EventEdit) -> Result<SeenEvent, ApiFailure> {
    let changed: RawEvent = call(
        http,
        LightMethod::Patch,
        route(guild, event),
        None,
        Some(&edit_body(edit)),
    )
    .await
    .map_err(over)?;
    changed.seen().ok_or(ApiFailure::UNREACHABLE)
}

/// Calls an event off.
///
/// # Errors
/// As Discord fails or refuses; [`Kind::Missing`] when it is gone, or over.
pub async fn cancel(http: &Http, guild: GuildId, event: EventId) -> Result<(), ApiFailure> {
    put_in(http, guild, event, CANCELED).await
}

/// Ends an event that runs.
///
/// # Errors
/// As Discord fails or refuses; [`Kind::Missing`] when it is gone, or over.
pub async fn complete(http: &Http, guild: GuildId, event: EventId) -> Result<(), ApiFailure> {
    put_in(http, guild, event, COMPLETED).await
}

/// Takes an event away.
///
/// # Errors
/// As Discord fails or refuses; [`Kind::Missing`] when it is gone.
pub async fn delete(http: &Http, guild: GuildId, event: EventId) -> Result<(), ApiFailure> {
    send(http, LightMethod::Delete, route(guild, event), None).await
}

async fn put_in(http: &Http, guild: GuildId, event: EventId, status: u8) -> Result<(), ApiFailure> {
    let body = json!({"status": status});
    send(http, LightMethod::Patch, route(guild, event), Some(&body))
        .await
        .map_err(over)
}

fn route(guild: GuildId, event: EventId) -> Route<'static> {
    Route::GuildScheduledEvent {
        guild_id: guild.0.into(),
        event_id: event.0.into(),
    }
}

/// An event that is over can no longer change: for us it is gone.
fn over(failure: ApiFailure) -> ApiFailure {
    if failure.code == Some(FINISHED) {
        ApiFailure {
            kind: Kind::Missing,
            ..failure
        }
    } else {
        failure
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn body(spec: &EventSpec) -> Value {
    let EventSpec {
        day: _,
        name,
        description,
        location,
        starts_at,
        ends_at,
    } = spec;
    json!({
        "name": name,
        "description": description,
        "privacy_level": GUILD_ONLY,
        "entity_type": EXTERNAL,
        "entity_metadata": {"location": location},
        "scheduled_start_time": instant(*starts_at),
        "scheduled_end_time": instant(*ends_at),
    })
}

fn edit_body(edit: &EventEdit) -> Value {
    let EventEdit {
        name,
        description,
        location,
        time,
    } = edit;
    let mut body = json!({});
    if let Some(name) = name {
        body["name"] = json!(name);
    }
    if let Some(description) = description {
        body["description"] = json!(description);
    }
    if let Some(location) = location {
        body["entity_metadata"] = json!({"location": location});
    }
    if let Some((starts_at, ends_at)) = time {
        body["scheduled_start_time"] = json!(instant(*starts_at));
        body["scheduled_end_time"] = json!(instant(*ends_at));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_is_asked_for_once_and_elsewhere() {
        let spec = EventSpec {
            day: "2027-03-29".parse().unwrap(),
            name: "Réunion".to_owned(),
            description: "Venez.".to_owned(),
            location: "Ici".to_owned(),
            starts_at: utc("2027-03-29T18:00:00Z"),
            ends_at: utc("2027-03-29T20:00:00Z"),
        };
        assert_eq!(
            body(&spec),
            json!({
                "name": "Réunion", "description": "Venez.", "privacy_level": 2, "entity_type": 3,
                "entity_metadata": {"location": "Ici"},
                "scheduled_start_time": "2027-03-29T18:00:00Z", "scheduled_end_time": "2027-03-29T20:00:00Z",
            })
        );
    }

    #[test]
    fn an_edit_sends_only_what_differs() {
        let edit = EventEdit {
            location: Some("Là".to_owned()),
            ..EventEdit::default()
        };
        assert_eq!(edit_body(&edit), json!({"entity_metadata": {"location": "Là"}}));
    }

    #[test]
    fn an_event_is_read_as_discord_writes_it() {
        let event: RawEvent = serde_json::from_value(json!({
            "id": "12", "guild_id": "1", "channel_id": null, "creator_id": "7", "name": "Réunion", "description": null,
            "scheduled_start_time": "2027-03-29T18:00:00+00:00", "scheduled_end_time": null, "privacy_level": 2,
            "status": 2, "entity_type": 3, "entity_id": null, "entity_metadata": {"location": "Ici"}, "recurrence_rule": null,
        }))
        .unwrap();
        let seen = event.seen().unwrap();
        assert_eq!(
            (seen.id, seen.creator, seen.status),
            (EventId(12), Some(UserId(7)), Status::Active)
        );
        assert_eq!(
            (seen.location.as_str(), seen.description.as_str(), seen.ends_at),
            ("Ici", "", None)
        );
        assert_eq!(over(ApiFailure::of(400, Some(FINISHED))).kind, Kind::Missing);
    }
}
