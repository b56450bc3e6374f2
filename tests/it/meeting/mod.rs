//! The newcomers' meeting (product.md §11): the agenda, its reminders, its one event on Discord, the question of public holidays.

mod agenda;
mod event;
mod holidays;
mod migration;
mod year;

use chrono::{DateTime, Utc};
use maillage::loopback::Builder;
use maillage::loopback::model::{EventStatus, Message, ScheduledEvent};

use crate::support::{House, server};

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A house with a channel for the reminders, in which the bot runs; it is then what `at` says.
pub(crate) async fn house_at(at: &str) -> House {
    house_with(server().starting_at(utc(at))).await
}

pub(crate) async fn house_with(builder: Builder) -> House {
    let mut house = House::closed_with(builder.channel("rappels"), |_| {}).await;
    house.settings.tunables.channels.reminders = Some(house.discord.channel("rappels"));
    house.start().await;
    house
}

/// Every event that the server ever had, oldest first.
pub(crate) fn events(house: &House) -> Vec<ScheduledEvent> {
    house
        .discord
        .read(|world| world.guild().events.values().cloned().collect())
}

/// The events that are announced or going on.
pub(crate) fn open_events(house: &House) -> Vec<ScheduledEvent> {
    let mut events = events(house);
    events.retain(|event| matches!(event.status, EventStatus::Scheduled | EventStatus::Active));
    events
}

/// Waits until one event is open, and it starts then.
pub(crate) async fn wait_event(house: &House, start: &str) -> ScheduledEvent {
    let start = utc(start);
    crate::support::until("the event of the next meeting", || async {
        let open = open_events(house);
        open.len() == 1 && open[0].start == start
    })
    .await;
    open_events(house).remove(0)
}

/// What was posted in the channel of the reminders.
pub(crate) fn posts(house: &House) -> Vec<Message> {
    house.discord.read(|world| {
        let channel = world.channel_named("rappels").unwrap().id;
        world.messages_in(channel).into_iter().cloned().collect()
    })
}

/// Requests that changed an event, so far.
pub(crate) fn changes(house: &House) -> usize {
    let calls = house.discord.calls().mutating();
    calls.only(|call| call.template.contains("scheduled-events")).count()
}
