//! Scheduled events.

use super::super::gateway::intents;
use super::super::model::{EventStatus, ScheduledEvent};
use super::super::snowflake::Id;
use super::super::wire;
use super::World;

impl World {
    pub(in super::super) fn create_event(&mut self, event: ScheduledEvent) {
        let data = wire::scheduled_event(self, &event);
        let guild = event.guild_id;
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.events.insert(event.id, event);
            self.emit("GUILD_SCHEDULED_EVENT_CREATE", &data, intents::GUILD_SCHEDULED_EVENTS);
        }
    }

    pub(in super::super) fn update_event(&mut self, guild: Id, id: Id, change: impl FnOnce(&mut ScheduledEvent)) {
        let Some(event) = self.guilds.get_mut(&guild).and_then(|g| g.events.get_mut(&id)) else {
            return;
        };
        change(event);
        let event = event.clone();
        let data = wire::scheduled_event(self, &event);
        self.emit("GUILD_SCHEDULED_EVENT_UPDATE", &data, intents::GUILD_SCHEDULED_EVENTS);
    }

    pub(in super::super) fn delete_event(&mut self, guild: Id, id: Id) -> bool {
        let Some(event) = self.guilds.get_mut(&guild).and_then(|g| g.events.remove(&id)) else {
            return false;
        };
        let data = wire::scheduled_event(self, &event);
        self.emit("GUILD_SCHEDULED_EVENT_DELETE", &data, intents::GUILD_SCHEDULED_EVENTS);
        true
    }

    /// What happens by itself as time passes: events held elsewhere begin and end (discord.md §3).
    pub(in super::super) fn tick(&mut self) {
        let now = self.now();
        let mut due = Vec::new();
        for event in self
            .guilds
            .values()
            .flat_map(|g| g.events.values())
            .filter(|e| e.entity_type == 3)
        {
            if event.status == EventStatus::Scheduled && event.start <= now {
                due.push((event.guild_id, event.id, EventStatus::Active));
            }
            if !event.status.is_over() && event.end.is_some_and(|end| end <= now) {
                due.push((event.guild_id, event.id, EventStatus::Completed));
            }
        }
        for (guild, id, status) in due {
            self.update_event(guild, id, |e| e.status = status);
        }
    }
}
