//! What people are told of groups that were merged or split, when it is sent: whoever reads may have lost or gained a function
//! since, and the change may have been undone.

use super::App;
use crate::domain::bindings::Room;
use crate::domain::ids::{ChannelId, GroupId, UserId};
use crate::domain::notice::Notice;
use crate::domain::view::Message;
use crate::error::Error;
use crate::store::{Tx, authority, bindings, groups, posts, regroup};
use crate::texts;
use crate::texts::regroup::{News, Reader};

/// The news in the `discussion` of one of the two groups; `None` when it is no longer so, or nobody's.
///
/// # Errors
/// When the database fails.
pub(super) async fn in_space(
    app: &App,
    tx: &mut Tx,
    channel: ChannelId,
    notice: &Notice,
) -> Result<Option<Message>, Error> {
    let Some((news, [one, other])) = news(app, tx, notice).await? else {
        return Ok(None);
    };
    for (group, first) in [(one, true), (other, false)] {
        if bindings::room(tx, group, Room::Discussion).await? == Some(channel) {
            return Ok(Some(texts::regroup::news_in_space(&news, first)));
        }
    }
    Ok(None)
}

/// The news as the national team reads them in its channel.
///
/// # Errors
/// When the database fails.
pub(super) async fn for_nationals(app: &App, tx: &mut Tx, notice: &Notice) -> Result<Option<Message>, Error> {
    let news = news(app, tx, notice).await?;
    Ok(news.map(|(news, _)| texts::regroup::news_direct(&news, Reader::Referent)))
}

/// The news for one account, by what it is now.
///
/// # Errors
/// When the database fails.
pub(super) async fn direct(app: &App, tx: &mut Tx, user: UserId, notice: &Notice) -> Result<Option<Message>, Error> {
    let Some((news, [one, other])) = news(app, tx, notice).await? else {
        return Ok(None);
    };
    let functions = authority::functions(tx, user).await?;
    let relays = |group: GroupId| functions.relays.contains(&group);
    let was = posts::was_relay(tx, one, user).await?;
    let mut steers = functions.national;
    for group in [one, other] {
        steers |= groups::even_merged(tx, group)
            .await?
            .is_some_and(|group| functions.regions.contains(&group.region));
    }
    let member = functions.member_of.is_some_and(|group| [one, other].contains(&group));
    let reader = if relays(one) || relays(other) {
        Reader::Relay
    } else if was && matches!(news, News::Merged { .. }) {
        Reader::Relieved
    } else if steers {
        Reader::Referent
    } else if member {
        Reader::Member
    } else {
        return Ok(None);
    };
    Ok(Some(texts::regroup::news_direct(&news, reader)))
}

/// The facts, with the two groups in the order of the words; `None` once undone.
async fn news(app: &App, tx: &mut Tx, notice: &Notice) -> Result<Option<(News, [GroupId; 2])>, Error> {
    let (one, other) = match notice {
        Notice::GroupMerged { source, target } => {
            if regroup::merged_into(tx, *source).await? != Some(*target) {
                return Ok(None);
            }
            (*source, *target)
        }
        Notice::GroupSplit { source, group } => {
            if groups::get(tx, *group).await?.is_none() {
                return Ok(None);
            }
            (*group, *source)
        }
        Notice::GroupRestored { group, from } => {
            if groups::get(tx, *group).await?.is_none() {
                return Ok(None);
            }
            (*group, *from)
        }
        _ => return Ok(None),
    };
    let (Some(first), Some(second)) = (
        groups::even_merged(tx, one).await?,
        groups::even_merged(tx, other).await?,
    ) else {
        return Ok(None);
    };
    // Where the members of the two meet, or the part that left.
    let meeting = match notice {
        Notice::GroupMerged { .. } => other,
        _ => one,
    };
    let place = app.guild().zip(bindings::space_ready(tx, meeting).await?);
    let vacant = posts::relays(tx, one).await?.is_empty().then_some(one);
    let (first, second) = (first.name, second.name);
    let news = match notice {
        Notice::GroupMerged { .. } => News::Merged {
            source: first,
            target: second,
            place,
        },
        Notice::GroupSplit { .. } => News::Split {
            group: first,
            source: second,
            vacant,
        },
        _ => News::Restored {
            group: first,
            from: second,
            place,
        },
    };
    Ok(Some((news, [one, other])))
}
