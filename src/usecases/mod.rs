//! One function per intention: what it needs, what it changes, who may (product.md).
//!
//! Each opens its own transaction, checks authority first, writes the fact with its consequences, and answers with facts
//! that `texts` puts into words. None touches Discord.

pub mod access;
pub mod annul;
pub mod authority;
pub mod calls;
pub mod charter;
pub mod contacts;
pub mod coordinates;
pub mod diagnostic;
pub mod export;
pub mod feeds;
pub mod group_changes;
pub mod groups;
pub mod help;
pub mod history;
pub mod housekeeping;
pub mod images;
pub mod import;
pub mod installation;
pub mod invitations;
pub mod ladder;
pub mod lookup;
pub mod meeting;
pub mod meeting_subscribe;
pub mod merging;
pub mod my_data;
pub mod my_group;
pub mod not_me;
pub mod notices;
pub mod notify;
pub mod opt_out;
pub mod places;
pub mod placing;
pub mod posts;
pub mod register;
pub mod regroup;
mod regroup_news;
pub mod reminders;
pub mod reports;
pub mod retirer;
pub mod standing;
pub mod statutes;
pub mod transfer;
pub mod undo;
pub mod validation;
pub mod welcome;
pub mod zoning;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::ids::GuildId;
use crate::domain::ladder::Thresholds;
use crate::domain::territory::Atlas;
use crate::store::Store;
use crate::texts::templates::Texts;

/// What every use case may need, shared by the whole process.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The settings.
    pub settings: Settings,
    /// The clock: the only source of «now» above the use cases.
    pub clock: Clock,
    texts: RwLock<Arc<Texts>>,
    atlas: RwLock<Arc<Atlas>>,
    guild: OnceLock<GuildId>,
    seen: AtomicBool,
    /// The map of `/couverture`, kept until it changes.
    pub last_map: images::LastImage,
}

impl App {
    /// The application over its database.
    #[must_use]
    pub fn new(store: Store, settings: Settings, clock: Clock, texts: Texts, atlas: Atlas) -> Self {
        Self {
            store,
            settings,
            clock,
            texts: RwLock::new(Arc::new(texts)),
            atlas: RwLock::new(Arc::new(atlas)),
            guild: OnceLock::new(),
            seen: AtomicBool::new(false),
            last_map: images::LastImage::default(),
        }
    }

    /// The texts in force.
    #[must_use]
    pub fn texts(&self) -> Arc<Texts> {
        Arc::clone(&self.texts.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other texts in force.
    pub fn replace_texts(&self, texts: Texts) {
        *self.texts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(texts);
    }

    /// The territories in force.
    #[must_use]
    pub fn atlas(&self) -> Arc<Atlas> {
        Arc::clone(&self.atlas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another zoning in force.
    pub fn replace_atlas(&self, atlas: Atlas) {
        *self.atlas.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(atlas);
    }

    /// The bound server, once known.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        self.guild.get().copied()
    }

    /// Binds the process to its server; a second call changes nothing.
    pub fn bind(&self, guild: GuildId) {
        let _ = self.guild.set(guild);
    }

    /// Notes that the server's roles and members have been mirrored once by this process.
    pub fn note_seen(&self) {
        self.seen.store(true, Ordering::Release);
    }

    /// Whether the server's roles and members have been mirrored: before that, nobody of the national team is known.
    #[must_use]
    pub fn has_seen_server(&self) -> bool {
        self.seen.load(Ordering::Acquire)
    }

    /// The rules that the ladder follows.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            thresholds: self.settings.ladder.into(),
            texts: self.texts(),
            settings: self.settings.tunables.clone(),
        }
    }
}

/// What the ladder needs to know besides rows.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The five numbers.
    pub thresholds: Thresholds,
    /// The generic statutes, among others.
    pub texts: Arc<Texts>,
    /// Quorum, majority and durations, written into the statutes.
    pub settings: crate::config::Tunables,
}
