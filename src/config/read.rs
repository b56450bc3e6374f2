//! Which key of which section becomes which setting, and what values it may take.
//!
//! Keys are French, as a French host reads them; their comments are in the shipped `config/maillage.toml`, and a test
//! holds that every key read here is explained there.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta, Weekday};

use super::reader::{Reader, Section};
use super::sections::*;
use crate::domain::calendar::{MeetingRule, ReminderRule, parse_time};
use crate::texts::faults::expected;

/// The name of a role, and what a channel's event may hold (Discord documentation: 100 characters each).
const NAME_MAX: usize = 100;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("lundi", Weekday::Mon),
    ("mardi", Weekday::Tue),
    ("mercredi", Weekday::Wed),
    ("jeudi", Weekday::Thu),
    ("vendredi", Weekday::Fri),
    ("samedi", Weekday::Sat),
    ("dimanche", Weekday::Sun),
];

/// Columns of the pinned register: the first five are always shown, naming them changes nothing.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Always,
    Phone,
    Mail,
}

const COLUMNS: [(&str, Column); 7] = [
    ("telephone", Column::Phone),
    ("mail", Column::Mail),
    ("numero", Column::Always),
    ("nom", Column::Always),
    ("pseudo", Column::Always),
    ("code_postal", Column::Always),
    ("depuis", Column::Always),
];

impl Tunables {
    /// Reads every section; what is absent or wrong keeps its default, and what is wrong is remembered by the reader.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            ladder: ladder(reader.section("echelle")),
            roles: roles(reader.section("roles")),
            space: space(reader.section("espace")),
            register: register(reader.section("registre")),
            channels: channels(reader.section("salons")),
            meeting: meeting(reader.section("reunion")),
            direct_messages: direct_messages(reader.section("messages_prives")),
            calls: calls(reader.section("appels")),
            validation: validation(reader.section("validation")),
            votes: votes(reader.section("votes")),
            questions: questions(reader.section("questions")),
            feeds: feeds(reader.section("remontees")),
            reports: reports(reader.section("rapports")),
            operations: operations(reader.section("operations")),
            links: links(reader.section("liens")),
            data: data(reader.section("donnees")),
            backups: backups(reader.section("sauvegardes")),
            retry: retry(reader.section("reprises")),
            watch: watch(reader.section("surveillance")),
        }
    }
}

fn ladder(mut s: Section<'_, '_>) -> LadderSettings {
    let d = LadderSettings::default();
    let mut step = |key, default| s.whole(key, 1..=1000, default);
    let read = LadderSettings {
        possible: step("groupe_possible", d.possible),
        forming: step("en_formation", d.forming),
        assembly: step("acp", d.assembly),
        first_subject: step("ric_constituant", d.first_subject),
        other_subjects: step("autres_questions", d.other_subjects),
    };
    // Each step of members gives something of its own: two at the same number would hide one.
    for (key, before, number) in [
        ("acp", read.forming, read.assembly),
        ("ric_constituant", read.assembly, read.first_subject),
        ("autres_questions", read.first_subject, read.other_subjects),
    ] {
        if number <= before {
            s.conflict(key, number, &expected::above(before));
        }
    }
    // Sign-ups and members are two counts: the first may exceed the members of a group «en formation», as some refuse.
    if read.possible > read.assembly {
        s.conflict("groupe_possible", read.possible, expected::POSSIBLE);
    }
    read
}

fn roles(mut s: Section<'_, '_>) -> RoleSettings {
    let d = RoleSettings::default();
    RoleSettings {
        national: s.text("national", d.national, &expected::text_up_to(NAME_MAX), |text| {
            words(text, NAME_MAX)
        }),
    }
}

fn space(mut s: Section<'_, '_>) -> SpaceSettings {
    let d = SpaceSettings::default();
    SpaceSettings {
        layout: s.choice(
            "disposition",
            d.layout,
            &[("ample", Layout::Ample), ("dense", Layout::Dense)],
        ),
        alert_percent: s.whole("alerte_pourcent", 1..=100, d.alert_percent),
    }
}

fn register(mut s: Section<'_, '_>) -> RegisterSettings {
    let d = RegisterSettings::default();
    let columns = s.words("colonnes", &COLUMNS);
    RegisterSettings {
        shows_phone: columns.contains(&Column::Phone),
        shows_mail: columns.contains(&Column::Mail),
        coalesce: s.span("regroupement_secondes", 0..=3600, TimeDelta::seconds, d.coalesce),
    }
}

fn channels(mut s: Section<'_, '_>) -> ChannelSettings {
    ChannelSettings {
        national: s.id("national"),
        review: s.id("relecture"),
        works: s.id("travaux"),
        welcome: s.id("bienvenue"),
        meeting: s.id("reunion"),
        reminders: s.id("rappels"),
        social: s.ids("reseaux"),
        feeds: s
            .ids_by_key("remontees", expected::REGION, |code| {
                code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit())
            })
            .into_iter()
            .collect(),
    }
}

fn meeting(mut s: Section<'_, '_>) -> MeetingSettings {
    let d = MeetingSettings::default();
    let rule = MeetingRule {
        weekday: s.choice("jour", d.rule.weekday, &WEEKDAYS),
        time: time(&mut s, "heure", d.rule.time),
        duration: s.span("duree_minutes", 5..=1440, TimeDelta::minutes, d.rule.duration),
        reminders: ReminderRule {
            day_before: s.text(
                "rappel_veille",
                d.rule.reminders.day_before,
                expected::HOUR_OR_EMPTY,
                |text| {
                    if text.trim().is_empty() {
                        Some(None)
                    } else {
                        parse_time(text).ok().map(Some)
                    }
                },
            ),
            before: optional_span(&mut s, "rappel_avant_minutes", 0..=1440, d.rule.reminders.before),
            at_start: optional_span(&mut s, "rappel_debut_minutes", 0..=240, d.rule.reminders.at_start),
        },
    };
    MeetingSettings {
        rule,
        place: s.text("lieu", d.place, &expected::text_up_to(NAME_MAX), |text| {
            or_none(text, |text| words(text, NAME_MAX))
        }),
        holiday_notice_days: s.whole("jours_feries_preavis_jours", 0..=60, d.holiday_notice_days),
    }
}

fn direct_messages(mut s: Section<'_, '_>) -> DirectMessageSettings {
    let d = DirectMessageSettings::default();
    DirectMessageSettings {
        pace: s.span("intervalle_secondes", 0..=3600, TimeDelta::seconds, d.pace),
        welcomes_per_day: s.whole("bienvenues_par_jour", 0..=10_000, d.welcomes_per_day),
        rest: s.span("repos_heures", 1..=72, TimeDelta::hours, d.rest),
    }
}

fn calls(mut s: Section<'_, '_>) -> CallSettings {
    let d = CallSettings::default();
    CallSettings {
        cooldown: s.span("repos_heures", 0..=720, TimeDelta::hours, d.cooldown),
        lease: s.span("reservation_minutes", 1..=1440, TimeDelta::minutes, d.lease),
        reminder: time(&mut s, "rappel_heure", d.reminder),
        digest_day: s.choice("resume_jour", d.digest_day, &WEEKDAYS),
        digest_time: time(&mut s, "resume_heure", d.digest_time),
    }
}

fn validation(mut s: Section<'_, '_>) -> ValidationSettings {
    let d = ValidationSettings::default();
    ValidationSettings {
        relay_undo: s.span("annulation_relai_heures", 0..=720, TimeDelta::hours, d.relay_undo),
        referent_undo: s.span("annulation_referent_jours", 0..=90, TimeDelta::days, d.referent_undo),
        invitation: s.span("invitation_jours", 1..=90, TimeDelta::days, d.invitation),
        attempts_per_hour: s.whole("essais_par_heure", 1..=100, d.attempts_per_hour),
    }
}

fn votes(mut s: Section<'_, '_>) -> VoteSettings {
    let d = VoteSettings::default();
    VoteSettings {
        duration: s.span("duree_jours", 1..=90, TimeDelta::days, d.duration),
        quorum_percent: s.whole("quorum_pourcent", 0..=100, d.quorum_percent),
        majority_percent: s.whole("majorite_pourcent", 50..=99, d.majority_percent),
        contest: s.span("contestation_jours", 1..=90, TimeDelta::days, d.contest),
    }
}

fn questions(mut s: Section<'_, '_>) -> QuestionSettings {
    let d = QuestionSettings::default();
    QuestionSettings {
        reminder: s.span("rappel_jours", 1..=90, TimeDelta::days, d.reminder),
        digest_time: time(&mut s, "resume_heure", d.digest_time),
    }
}

fn feeds(mut s: Section<'_, '_>) -> FeedSettings {
    let d = FeedSettings::default();
    FeedSettings {
        coalesce: s.span("regroupement_minutes", 0..=1440, TimeDelta::minutes, d.coalesce),
        digest_day: s.choice("resume_jour", d.digest_day, &WEEKDAYS),
        digest_time: time(&mut s, "resume_heure", d.digest_time),
    }
}

fn reports(mut s: Section<'_, '_>) -> ReportSettings {
    let d = ReportSettings::default();
    ReportSettings {
        signups_goal: s.whole("objectif_inscrits", 1..=10_000_000, d.signups_goal),
        inactive: s.span("inactivite_jours", 1..=365, TimeDelta::days, d.inactive),
        near_threshold: s.whole("proche_du_seuil", 1..=100, d.near_threshold),
    }
}

fn operations(mut s: Section<'_, '_>) -> OperationSettings {
    let d = OperationSettings::default();
    OperationSettings {
        reminder: s.span("rappel_jours", 1..=90, TimeDelta::days, d.reminder),
    }
}

fn links(mut s: Section<'_, '_>) -> LinkSettings {
    let d = LinkSettings::default();
    LinkSettings {
        signup: s.text("inscription", d.signup, expected::LINK, link),
        discord: s.text("discord", d.discord, expected::LINK, link),
        monthly: s.flag("rappel_mensuel", d.monthly),
    }
}

fn data(mut s: Section<'_, '_>) -> DataSettings {
    let d = DataSettings::default();
    DataSettings {
        controller: s.text("responsable", d.controller, &expected::text_up_to(NAME_MAX), |text| {
            words(text, NAME_MAX)
        }),
        contact: s.text("contact", d.contact, expected::MAIL, |text| {
            or_none(text, |text| {
                email_address::EmailAddress::is_valid(text).then(|| text.to_owned())
            })
        }),
        signups_months: s.whole("inscrits_mois", 1..=120, d.signups_months),
        refusals_months: s.whole("refus_mois", 1..=120, d.refusals_months),
        leavers_months: s.whole("departs_mois", 1..=120, d.leavers_months),
        undo: s.span("annulation_jours", 1..=90, TimeDelta::days, d.undo),
        drafts: s.span("brouillons_minutes", 5..=1440, TimeDelta::minutes, d.drafts),
        imports: s.span("imports_minutes", 5..=1440, TimeDelta::minutes, d.imports),
        nightly: time(&mut s, "heure", d.nightly),
    }
}

fn backups(mut s: Section<'_, '_>) -> BackupSettings {
    let d = BackupSettings::default();
    BackupSettings {
        folder: s.text("dossier", d.folder, expected::TEXT, |text| {
            let text = text.trim();
            (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
        }),
        kept: s.whole("nombre", 0..=1000, d.kept),
        time: time(&mut s, "heure", d.time),
        age_recipient: s.text("age", d.age_recipient, expected::AGE, |text| {
            or_none(text, |text| {
                text.parse::<age::x25519::Recipient>().is_ok().then(|| text.to_owned())
            })
        }),
    }
}

fn retry(mut s: Section<'_, '_>) -> RetrySettings {
    let d = RetrySettings::default();
    let read = RetrySettings {
        first: seconds(&mut s, "premier_delai_secondes", 1..=300, 1, d.first),
        longest: seconds(&mut s, "delai_max_secondes", 1..=3600, 1, d.longest),
    };
    if read.longest < read.first {
        s.conflict("delai_max_secondes", read.longest.as_secs(), expected::DELAYS);
    }
    read
}

fn watch(mut s: Section<'_, '_>) -> WatchSettings {
    let d = WatchSettings::default();
    WatchSettings {
        reconcile: seconds(&mut s, "reconciliation_minutes", 1..=1440, 60, d.reconcile),
        silence: seconds(&mut s, "silence_minutes", 1..=60, 60, d.silence),
    }
}

/// A technical delay: `unit` is the number of seconds of what the host counts.
fn seconds(
    s: &mut Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    unit: u64,
    default: Duration,
) -> Duration {
    Duration::from_secs(s.whole(key, range, default.as_secs() / unit) * unit)
}

/// Minutes, where 0 means «without».
fn optional_span(
    s: &mut Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    default: Option<TimeDelta>,
) -> Option<TimeDelta> {
    let span = s.span(key, range, TimeDelta::minutes, default.unwrap_or_default());
    (!span.is_zero()).then_some(span)
}

fn time(s: &mut Section<'_, '_>, key: &'static str, default: NaiveTime) -> NaiveTime {
    s.text(key, default, expected::HOUR, |text| parse_time(text).ok())
}

/// A text on one line, of a limited length.
fn words(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// An empty text means «not chosen».
fn or_none<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    let text = text.trim();
    if text.is_empty() {
        Some(None)
    } else {
        read(text).map(Some)
    }
}

fn link(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then(|| text.trim().to_owned())
}
