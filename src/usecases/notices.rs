//! What a message of the outbox says when it is sent: names are read now, and what is no longer so is not told.

use chrono::{DateTime, Utc};

use super::authority::Authority;
use super::{
    App, authority, feeds, invitations, meeting, places, regroup_news, reminders, reports, standing, transfer, welcome,
};
use crate::domain::bindings::Room;
use crate::domain::contact::Filter;
use crate::domain::ids::{ChannelId, GroupId, PersonId, RegionCode, TransferId, UserId};
use crate::domain::ladder::Step;
use crate::domain::notice::{Notice, Recipient};
use crate::domain::place::Place as Channel;
use crate::domain::plan::queue_subject;
use crate::domain::view::Message;
use crate::error::{Error, Failure};
use crate::store::groups::Group;
use crate::store::{
    StoreError, Tx, bindings, calls, groups, ladder, meeting_subscribers, memberships, names, outbox, participation,
    people, posts, setbacks, transfers,
};
use crate::texts;
use crate::texts::notices::{Place, Possible, Subject, Whom};
use crate::usecases::authority::Actor;

/// What is to be done with a message whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// To be sent so.
    Message(Message),
    /// What it tells is not so yet.
    Later,
    /// What it told is no longer so.
    Dropped,
}

impl From<Option<Message>> for Rendered {
    fn from(message: Option<Message>) -> Self {
        message.map_or(Rendered::Dropped, Rendered::Message)
    }
}

/// Puts a notice into words for its recipient; the first direct message to an account says who is responsible for the data
/// (product.md §16).
///
/// # Errors
/// When the database fails.
pub async fn render(
    app: &App,
    tx: &mut Tx,
    to: Recipient,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<Rendered, Error> {
    let rendered = match (to, notice) {
        (Recipient::User(user), notice) => {
            let reader = Reader::User(user);
            let mut desk = Desk { app, tx, reader, now };
            desk.direct(notice).await?
        }
        (Recipient::National, notice) => {
            let reader = Reader::National;
            let mut desk = Desk { app, tx, reader, now };
            desk.direct(notice).await?
        }
        (Recipient::Channel(_), Notice::Mention { user, notice }) => {
            let reader = Reader::User(*user);
            let mut desk = Desk { app, tx, reader, now };
            desk.mention(*user, notice).await?.into()
        }
        (
            Recipient::Channel(channel),
            Notice::GroupMerged { .. } | Notice::GroupSplit { .. } | Notice::GroupRestored { .. },
        ) => regroup_news::in_space(app, tx, channel, notice).await?.into(),
        (
            Recipient::Channel(_),
            notice @ (Notice::MeetingReminder { .. } | Notice::MeetingChanged { .. } | Notice::MeetingHoliday { .. }),
        ) => about_meeting(app, tx, notice, now).await?.into(),
        // Nothing else is posted in channels by this way.
        (Recipient::Channel(_), _) => Rendered::Dropped,
    };
    match (to, rendered) {
        (Recipient::User(_), Rendered::Message(mut message)) => {
            if outbox::last_place(tx, to).await?.is_none() {
                let facts = app.settings.privacy_facts();
                message
                    .embeds
                    .push(texts::notices::privacy(&app.texts().privacy_summary(&facts)));
            }
            Ok(Rendered::Message(message))
        }
        (_, rendered) => Ok(rendered),
    }
}

/// What is told of the newcomers' meeting, the same to everyone.
async fn about_meeting(
    app: &App,
    tx: &mut Tx,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<Option<Message>, StoreError> {
    match *notice {
        Notice::MeetingReminder { day, starts_at, which } => {
            meeting::reminder(app, tx, day, starts_at, which, now).await
        }
        Notice::MeetingChanged {
            day,
            before,
            held_again,
            revision,
        } => meeting::changed(app, tx, (day, revision), before, held_again, now).await,
        Notice::MeetingHoliday { day } => meeting::question(tx, day, now).await,
        _ => Ok(None),
    }
}

/// Where a notice can be told instead, by a mention without any name, when the direct messages of `user` are closed: the
/// `discussion` of the group, else the welcome channel (product.md §5, §11).
///
/// # Errors
/// When the database fails.
pub async fn elsewhere(app: &App, tx: &mut Tx, user: UserId, notice: &Notice) -> Result<Option<ChannelId>, Error> {
    let group = match notice {
        Notice::Welcome | Notice::MeetingReminder { .. } | Notice::MeetingChanged { .. } => None,
        Notice::RelayNamed { group }
        | Notice::SpaceReady { group }
        | Notice::NotMe { group, .. }
        | Notice::Joined { group, .. } => Some(*group),
        Notice::Linked { membership } => memberships::get(tx, *membership)
            .await?
            .map(|membership| membership.group),
        // For a relay; a referent has no channel of his own yet.
        Notice::Annulled { membership, .. } => {
            let group = memberships::get(tx, *membership)
                .await?
                .map(|membership| membership.group);
            let relayed = functions(tx, user).await?.relays;
            match group.filter(|group| relayed.contains(group)) {
                Some(group) => Some(group),
                None => return Ok(None),
            }
        }
        Notice::CallBacks { .. } | Notice::RelayDigest { .. } => first_with_space(tx, user).await?,
        // Where the one who reads is relay, or steers.
        Notice::TransferAsked { transfer } | Notice::TransferDone { transfer } => {
            transfers::get(tx, *transfer).await?.map(|transfer| transfer.from)
        }
        Notice::TransferAccepted { transfer } | Notice::TransferRefused { transfer } => {
            transfers::get(tx, *transfer).await?.map(|transfer| transfer.to)
        }
        // Told in the group's space anyway, or meant for those who are told otherwise.
        Notice::GroupsPossible { .. }
        | Notice::StepReached { .. }
        | Notice::SpaceWaits { .. }
        | Notice::Validated { .. }
        | Notice::RelayEnded { .. }
        | Notice::WithoutRelay { .. }
        | Notice::ReferentNamed { .. }
        | Notice::ReferentEnded { .. }
        | Notice::PutBack { .. }
        | Notice::PlacePutBack { .. }
        | Notice::Capacity { .. }
        | Notice::GroupMerged { .. }
        | Notice::GroupRestored { .. }
        | Notice::GroupSplit { .. }
        | Notice::Departed { .. }
        | Notice::RegionDigest { .. }
        // Its buttons are nobody else's business.
        | Notice::MeetingHoliday { .. }
        // Nobody is asked for news in front of the others.
        | Notice::Prompted
        | Notice::Mention { .. } => return Ok(None),
    };
    if let Some(group) = group
        && let Some(discussion) = bindings::room(tx, group, Room::Discussion).await?
    {
        return Ok(Some(discussion));
    }
    Ok(places::channel(app, tx, &Channel::Welcome).await?)
}

/// The first group of a relay that has a `discussion`.
async fn first_with_space(tx: &mut Tx, user: UserId) -> Result<Option<GroupId>, Error> {
    for group in functions(tx, user).await?.relays {
        if bindings::room(tx, group, Room::Discussion).await?.is_some() {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// People of a group's list whom this relay would be offered now; without one, whom any would.
pub(super) async fn callable(
    app: &App,
    tx: &mut Tx,
    group: GroupId,
    relay: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let pace = super::contacts::pace(app);
    // No account of Discord has this number: cards held by anybody are not counted.
    let relay = relay.unwrap_or(UserId(0));
    let list = calls::list(tx, &[group]).await?;
    Ok(list
        .iter()
        .filter(|listed| Filter::ToCall.shows(&listed.contact, relay, &pace, now))
        .count())
}

/// A group as an announcement shows it, while it waits for a relay.
pub(super) async fn possible(app: &App, tx: &mut Tx, id: GroupId) -> Result<Option<(Possible, RegionCode)>, Error> {
    let Some(group) = groups::get(tx, id).await?.filter(|group| !group.archived) else {
        return Ok(None);
    };
    if !posts::relays(tx, id).await?.is_empty() {
        return Ok(None);
    }
    let departement = app
        .atlas()
        .departement(&group.departement)
        .map_or_else(|| group.departement.clone(), |departement| departement.name.clone());
    let possible = Possible {
        id,
        name: group.name,
        departement,
        signed_up: ladder::counts(tx, id).await?.signed_up,
    };
    Ok(Some((possible, group.region)))
}

/// What an account may do, as the database alone tells.
async fn functions(tx: &mut Tx, user: UserId) -> Result<Authority, Error> {
    let actor = Actor {
        user,
        manages_server: false,
    };
    authority::of(tx, actor).await.map_err(|failure| match failure {
        Failure::Internal(error) => error,
        Failure::User(_) => Error::Invariant("reading an authority refuses nobody"),
    })
}

/// Who reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// One account.
    User(UserId),
    /// The national team, in its channel.
    National,
}

/// What one message is written with.
struct Desk<'a> {
    app: &'a App,
    tx: &'a mut Tx,
    reader: Reader,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    async fn direct(&mut self, notice: &Notice) -> Result<Rendered, Error> {
        Ok(match notice {
            Notice::GroupsPossible { groups } => self.possible(groups).await?.into(),
            Notice::StepReached { group, step } => self.step(*group, *step).await?.into(),
            Notice::Validated { membership } => {
                let Some(membership) = memberships::get(self.tx, *membership).await? else {
                    return Ok(Rendered::Dropped);
                };
                self.validated(&membership).await?.into()
            }
            Notice::Annulled { membership, by } => {
                let Some(membership) = memberships::get(self.tx, *membership).await? else {
                    return Ok(Rendered::Dropped);
                };
                self.annulled(&membership, *by).await?.into()
            }
            Notice::Linked { membership } => {
                let Some(membership) = memberships::get(self.tx, *membership).await? else {
                    return Ok(Rendered::Dropped);
                };
                self.linked(&membership).await?.into()
            }
            Notice::NotMe { person, group } => self.not_me(*person, *group).await?.into(),
            Notice::TransferAsked { transfer }
            | Notice::TransferAccepted { transfer }
            | Notice::TransferRefused { transfer }
            | Notice::TransferDone { transfer } => self.transfer(*transfer, notice).await?.into(),
            Notice::SpaceReady { group } => return self.space_ready(*group).await,
            Notice::SpaceWaits { group } => self.space_waits(*group).await?.into(),
            Notice::RelayNamed { group } => self.relay_named(*group).await?.into(),
            Notice::RelayEnded { .. } if self.reader == Reader::National => Rendered::Dropped,
            Notice::RelayEnded { group } => {
                // Named again in the meantime: that is told by itself.
                match self.group(*group).await? {
                    Some(group) if !self.relays(group.id).await? => {
                        Rendered::Message(texts::notices::relay_ended(&group.name))
                    }
                    _ => Rendered::Dropped,
                }
            }
            Notice::WithoutRelay { group } => self.without_relay(*group).await?.into(),
            Notice::ReferentNamed { region } => {
                let groups = groups::all(self.tx).await?;
                let count = groups
                    .iter()
                    .filter(|group| group.region == *region && !group.archived)
                    .count();
                self.holds(region)
                    .await?
                    .unwrap_or(false)
                    .then(|| texts::notices::referent_named(&self.region(&region.0), count))
                    .into()
            }
            Notice::ReferentEnded { region } => (self.holds(region).await? == Some(false))
                .then(|| texts::notices::referent_ended(&self.region(&region.0)))
                .into(),
            Notice::PutBack { group, what } => self
                .group(*group)
                .await?
                .map(|group| texts::notices::put_back(&group.name, *what))
                .into(),
            Notice::GroupMerged { .. } | Notice::GroupSplit { .. } | Notice::GroupRestored { .. } => {
                match self.reader {
                    Reader::User(user) => regroup_news::direct(self.app, self.tx, user, notice).await?.into(),
                    Reader::National => regroup_news::for_nationals(self.app, self.tx, notice).await?.into(),
                }
            }
            Notice::PlacePutBack { key, what } => {
                Rendered::Message(texts::notices::place_put_back(&places::name(self.app, key), *what))
            }
            Notice::Capacity { percent } => Rendered::Message(texts::notices::capacity(*percent)),
            Notice::CallBacks { people } => {
                let Reader::User(user) = self.reader else {
                    return Ok(Rendered::Dropped);
                };
                let due = reminders::call_backs(self.tx, user, people, self.now).await?;
                let today = crate::domain::calendar::paris_date(self.now);
                (!due.is_empty())
                    .then(|| texts::contacts::call_backs(&due, today))
                    .into()
            }
            Notice::RelayDigest { since } => {
                let Reader::User(user) = self.reader else {
                    return Ok(Rendered::Dropped);
                };
                let digest = reminders::digest(self.app, self.tx, user, *since, self.now).await?;
                digest.map(|digest| texts::contacts::digest(&digest, *since)).into()
            }
            Notice::Departed { membership } => {
                let Some(membership) = memberships::get(self.tx, *membership).await? else {
                    return Ok(Rendered::Dropped);
                };
                self.departed(&membership).await?.into()
            }
            Notice::RegionDigest { region, since } => {
                if !self.steers(region).await? {
                    return Ok(Rendered::Dropped);
                }
                feeds::digest(self.app, self.tx, region, *since, self.now).await?.into()
            }
            Notice::Joined { person, group } => {
                let relays = self.relays(*group).await?;
                let words = invitations::joined(self.tx, *person, *group).await?;
                words
                    .filter(|_| relays)
                    .map(|(short, group)| texts::invitations::joined_for_relay(&short, &group))
                    .into()
            }
            Notice::MeetingReminder { .. } | Notice::MeetingChanged { .. } => {
                // Whoever no longer asks for reminders is told nothing more.
                let asks = match self.reader {
                    Reader::User(user) => meeting_subscribers::since(self.tx, user).await?.is_some(),
                    Reader::National => false,
                };
                let told = about_meeting(self.app, self.tx, notice, self.now).await?;
                told.filter(|_| asks).map(texts::meeting::with_forget).into()
            }
            Notice::MeetingHoliday { .. } => {
                let decides = match self.reader {
                    Reader::User(user) => functions(self.tx, user).await?.national,
                    Reader::National => true,
                };
                let asked = about_meeting(self.app, self.tx, notice, self.now).await?;
                asked.filter(|_| decides).into()
            }
            Notice::Prompted => self.prompted().await?.into(),
            Notice::Welcome => match self.reader {
                Reader::User(user) => welcome::message(self.app, self.tx, user, self.now).await?.into(),
                Reader::National => Rendered::Dropped,
            },
            // Only ever posted in a channel.
            Notice::Mention { .. } => Rendered::Dropped,
        })
    }

    /// The same told by a mention, if it is still so.
    async fn mention(&mut self, user: UserId, notice: &Notice) -> Result<Option<Message>, Error> {
        if let Notice::CallBacks { people } = notice {
            let due = reminders::call_backs(self.tx, user, people, self.now).await?;
            return Ok((!due.is_empty()).then(|| texts::contacts::call_backs_in_channel(user, due.len())));
        }
        if matches!(notice, Notice::MeetingReminder { .. } | Notice::MeetingChanged { .. }) {
            let told = about_meeting(self.app, self.tx, notice, self.now).await?;
            return Ok(told.map(|told| texts::meeting::mention(user, &told)));
        }
        if let Notice::Welcome = notice {
            return welcome::mention(self.app, self.tx, user, self.now).await;
        }
        if !matches!(self.direct(notice).await?, Rendered::Message(_)) {
            return Ok(None);
        }
        let subject = match notice {
            Notice::RelayNamed { .. } => Subject::RelayNamed,
            Notice::SpaceReady { .. } => Subject::SpaceReady,
            Notice::RelayDigest { .. } => Subject::Digest,
            Notice::TransferAsked { transfer }
            | Notice::TransferAccepted { transfer }
            | Notice::TransferRefused { transfer }
            | Notice::TransferDone { transfer } => Subject::Transfer(*transfer),
            Notice::Linked { membership } => {
                let Some(membership) = memberships::get(self.tx, *membership).await? else {
                    return Ok(None);
                };
                // Where only members read, the button may say whose account it is not.
                match bindings::room(self.tx, membership.group, Room::Discussion).await? {
                    Some(_) => Subject::Linked(membership.person),
                    None => Subject::LinkedElsewhere,
                }
            }
            _ => Subject::Member,
        };
        Ok(Some(texts::notices::mention(user, subject)))
    }

    async fn group(&mut self, id: GroupId) -> Result<Option<Group>, Error> {
        Ok(groups::get(self.tx, id).await?)
    }

    async fn relays(&mut self, group: GroupId) -> Result<bool, Error> {
        let Reader::User(user) = self.reader else {
            return Ok(false);
        };
        Ok(posts::relays(self.tx, group)
            .await?
            .iter()
            .any(|holder| holder.user == user))
    }

    /// Whether the reader is referent of a région; none when it is no account.
    async fn holds(&mut self, region: &RegionCode) -> Result<Option<bool>, Error> {
        match self.reader {
            Reader::User(user) => Ok(Some(functions(self.tx, user).await?.regions.contains(region))),
            Reader::National => Ok(None),
        }
    }

    /// Whether the reader is concerned by a région: its referent, or the national team.
    async fn steers(&mut self, region: &RegionCode) -> Result<bool, Error> {
        match self.reader {
            Reader::User(user) => Ok(functions(self.tx, user).await?.steers(region)),
            Reader::National => Ok(true),
        }
    }

    async fn place(&mut self, group: GroupId) -> Result<Option<Place>, Error> {
        let Some(guild) = self.app.guild() else { return Ok(None) };
        let ready = bindings::space_ready(self.tx, group).await?;
        Ok(ready.map(|channel| Place { guild, channel }))
    }

    fn region(&self, code: &str) -> String {
        self.app
            .atlas()
            .region(code)
            .map_or_else(|| code.to_owned(), |region| region.name.clone())
    }

    /// People of a group's list whom this relay, or any, would be offered now.
    async fn callable(&mut self, group: GroupId) -> Result<usize, Error> {
        let reader = match self.reader {
            Reader::User(user) => Some(user),
            Reader::National => None,
        };
        callable(self.app, self.tx, group, reader, self.now).await
    }

    async fn possible(&mut self, asked: &[GroupId]) -> Result<Option<Message>, Error> {
        let mut possible = Vec::new();
        for id in asked {
            if let Some((group, region)) = self::possible(self.app, self.tx, *id).await?
                && self.steers(&region).await?
            {
                possible.push(group);
            }
        }
        Ok((!possible.is_empty()).then(|| texts::notices::possible(&possible)))
    }

    async fn step(&mut self, id: GroupId, step: Step) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(id).await? else {
            return Ok(None);
        };
        if !self.relays(id).await? && !self.steers(&group.region).await? {
            return Ok(None);
        }
        let members = ladder::counts(self.tx, id).await?.members;
        let place = self.place(id).await?;
        Ok(Some(texts::notices::step(&group.name, step, members, place)))
    }

    async fn validated(&mut self, membership: &memberships::Membership) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(membership.group).await? else {
            return Ok(None);
        };
        if membership.ended.is_some() || !self.steers(&group.region).await? {
            return Ok(None);
        }
        let standing = standing::of(self.tx, &self.app.rules(), group.id).await?;
        let relay = names::display_name(self.tx, membership.validated_by).await?;
        Ok(Some(texts::notices::validated(
            membership.id,
            &group.name,
            membership.number,
            &standing.progress(),
            relay.as_deref(),
            self.app.settings.validation.referent_undo.num_days(),
        )))
    }

    async fn annulled(&mut self, membership: &memberships::Membership, by: UserId) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(membership.group).await? else {
            return Ok(None);
        };
        let is_relay = self.relays(group.id).await?;
        if !is_relay && !self.steers(&group.region).await? {
            return Ok(None);
        }
        let person = people::get(self.tx, membership.person).await?;
        let short = person.filter(|_| is_relay).map(|person| person.short());
        let standing = standing::of(self.tx, &self.app.rules(), group.id).await?;
        let by = names::display_name(self.tx, by).await?;
        let reason = participation::reason(self.tx, membership.id).await?;
        let whom = short.as_deref().map_or(Whom::Number(membership.number), Whom::Name);
        Ok(Some(texts::notices::annulled(
            &group.name,
            whom,
            by.as_deref(),
            reason.as_deref(),
            &standing.progress(),
        )))
    }

    async fn departed(&mut self, membership: &memberships::Membership) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(membership.group).await? else {
            return Ok(None);
        };
        let Some((_, why)) = membership.ended else {
            return Ok(None);
        };
        if !self.steers(&group.region).await? {
            return Ok(None);
        }
        let standing = standing::of(self.tx, &self.app.rules(), group.id).await?;
        Ok(Some(texts::feeds::departed(
            &group.name,
            membership.number,
            why.key(),
            &standing.progress(),
        )))
    }

    async fn linked(&mut self, membership: &memberships::Membership) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(membership.group).await? else {
            return Ok(None);
        };
        let Reader::User(user) = self.reader else {
            return Ok(None);
        };
        let linked = people::of_account(self.tx, user)
            .await?
            .is_some_and(|person| person.id == membership.person);
        if membership.ended.is_some() || !linked {
            return Ok(None);
        }
        let (mut relay, mut relays) = (false, Vec::new());
        for holder in posts::relays(self.tx, group.id).await? {
            if holder.user == user {
                relay = true;
            } else {
                relays.extend(names::display_name(self.tx, holder.user).await?);
            }
        }
        let place = self.place(group.id).await?;
        Ok(Some(texts::notices::linked(
            membership.person,
            &group.name,
            relay,
            &relays,
            place,
        )))
    }

    async fn not_me(&mut self, person: PersonId, group: GroupId) -> Result<Option<Message>, Error> {
        let (Some(group), Some(person)) = (self.group(group).await?, people::get(self.tx, person).await?) else {
            return Ok(None);
        };
        // Linked to the right account meanwhile, or no longer this relay's.
        if person.discord.is_some() || !self.relays(group.id).await? {
            return Ok(None);
        }
        Ok(Some(texts::notices::not_them(&person.short(), &group.name)))
    }

    /// One of the four messages of a transfer, to whoever can still answer it or was concerned.
    async fn transfer(&mut self, id: TransferId, notice: &Notice) -> Result<Option<Message>, Error> {
        let Some(found) = transfers::get(self.tx, id).await? else {
            return Ok(None);
        };
        let Some(source) = self.group(found.from).await? else {
            return Ok(None);
        };
        let Some(facts) = transfer::facts(self.tx, self.app, id).await? else {
            return Ok(None);
        };
        let leaves = self.relays(found.from).await? || self.steers(&source.region).await?;
        let welcomes = self.relays(found.to).await?;
        let open = found.closed.is_none();
        Ok(match notice {
            Notice::TransferAsked { .. } => {
                (leaves && open && found.accepted_at.is_none()).then(|| texts::transfer::asked(&facts))
            }
            Notice::TransferAccepted { .. } => (welcomes && open).then(|| texts::transfer::accepted(&facts)),
            Notice::TransferRefused { .. } => welcomes.then(|| texts::transfer::refused(&facts)),
            _ => leaves.then(|| texts::transfer::done(&facts)),
        })
    }

    async fn space_ready(&mut self, group: GroupId) -> Result<Rendered, Error> {
        let Some(group) = self.group(group).await?.filter(|group| !group.archived) else {
            return Ok(Rendered::Dropped);
        };
        if !self.relays(group.id).await? {
            return Ok(Rendered::Dropped);
        }
        Ok(match self.place(group.id).await? {
            Some(place) => Rendered::Message(texts::notices::space_ready(&group.name, place)),
            None => Rendered::Later,
        })
    }

    /// To those whom it concerns, while it is so.
    async fn space_waits(&mut self, group: GroupId) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(group).await?.filter(|group| !group.archived) else {
            return Ok(None);
        };
        let queued = setbacks::load(self.tx).await?.contains_key(&queue_subject(group.id));
        if !queued || !(self.relays(group.id).await? || self.steers(&group.region).await?) {
            return Ok(None);
        }
        Ok(Some(texts::notices::space_waits(&group.name)))
    }

    async fn relay_named(&mut self, group: GroupId) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(group).await? else {
            return Ok(None);
        };
        if !self.relays(group.id).await? {
            return Ok(None);
        }
        let to_call = self.callable(group.id).await?;
        let place = self.place(group.id).await?;
        Ok(Some(texts::notices::relay_named(&group.name, to_call, place)))
    }

    async fn prompted(&mut self) -> Result<Option<Message>, Error> {
        // Each relay is asked for news alone.
        let Reader::User(user) = self.reader else {
            return Ok(None);
        };
        let Some(silent) = reports::still_silent(self.app, self.tx, user, self.now).await? else {
            return Ok(None);
        };
        let mut to_call = 0;
        for group in functions(self.tx, user).await?.relays {
            to_call += self.callable(group).await?;
        }
        Ok(Some(texts::reports::prompt(&silent.groups, to_call)))
    }

    async fn without_relay(&mut self, group: GroupId) -> Result<Option<Message>, Error> {
        let Some(group) = self.group(group).await?.filter(|group| !group.archived) else {
            return Ok(None);
        };
        if !posts::relays(self.tx, group.id).await?.is_empty() || !self.steers(&group.region).await? {
            return Ok(None);
        }
        let to_call = self.callable(group.id).await?;
        Ok(Some(texts::notices::without_relay(group.id, &group.name, to_call)))
    }
}
