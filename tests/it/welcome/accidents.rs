//! What accidents leave of the welcomes: each newcomer has read one, whatever failed.

use chrono::TimeDelta;
use maillage::loopback::{Action, Fault, Loopback, text_of};

use super::{Gate, WELCOME, town};
use crate::support::{Process, Program, until};

const MESSAGES: &str = "/channels/{channel}/messages";
const CONVERSATIONS: &str = "/users/@me/channels";

#[tokio::test(flavor = "multi_thread")]
async fn one_welcome_whatever_fails() {
    let gate = Gate::open().await;
    let faults: [(&str, &str, Action); 9] = [
        ("POST", CONVERSATIONS, Action::FailAfter(502)),
        ("POST", CONVERSATIONS, Action::ResetAfter),
        ("POST", CONVERSATIONS, Action::Fail(503, 0, "away")),
        ("POST", MESSAGES, Action::FailAfter(502)),
        ("POST", MESSAGES, Action::ResetAfter),
        ("POST", MESSAGES, Action::Reset),
        ("POST", MESSAGES, Action::Fail(500, 0, "broken")),
        ("POST", MESSAGES, Action::TooMany(0.05, false)),
        ("POST", MESSAGES, Action::CloudflareTooMany(1)),
    ];
    for (n, (method, route, action)) in faults.into_iter().enumerate() {
        let name = format!("new{n}");
        let admin = gate.house.discord.admin();
        let what = format!("{action:?} on {route}");
        gate.house.discord.faults().add(Fault::on(method, route, action));
        admin.join(admin.create_user(&name, "Nouveau"), false);
        until(&what, || async {
            gate.house.advance(TimeDelta::seconds(1));
            gate.welcomes(&name) > 0 && gate.gauge().await.waiting == 0
        })
        .await;
        assert_eq!(gate.house.discord.faults().waiting(), 0, "{what} did not happen");
        assert_eq!(gate.welcomes(&name), 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_between_the_call_and_its_record_welcomes_once_even_after_the_next_meeting() {
    // Within the minutes during which Discord knows the nonce; and a week later, when the welcome names another meeting.
    for pause in [TimeDelta::seconds(1), TimeDelta::days(7)] {
        let mut gate = Gate::open().await;
        let held = maillage::loopback::Gate::new();
        gate.house
            .discord
            .faults()
            .add(Fault::on("POST", MESSAGES, Action::PauseAfter(held.clone())));
        gate.house.person("leo").join();
        held.reached().await;
        gate.house.kill().await;
        held.open();
        gate.house.advance(pause);
        gate.house.start().await;
        gate.quiet().await;
        assert_eq!(gate.welcomes("leo"), 1, "after {pause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_drops_in_the_middle_loses_nobody() {
    let gate = Gate::open().await;
    let admin = gate.house.discord.admin();
    let come = |n: usize| admin.join(admin.create_user(&format!("c{n}"), "Nouveau"), n.is_multiple_of(4));
    for n in 0..12 {
        come(n);
        match n {
            3 => gate.house.discord.gateway().cut(),
            6 => gate.house.discord.gateway().close_without_code(),
            9 => gate.house.discord.gateway().invalidate(false),
            _ => {}
        }
    }
    for n in (0..12).step_by(4) {
        let user = gate.house.discord.user(&format!("c{n}"));
        admin.edit_member(user, |member| member.pending = false);
    }
    for n in 0..12 {
        gate.welcomed(&format!("c{n}")).await;
    }
    gate.quiet().await;
    for n in 0..12 {
        assert_eq!(gate.welcomes(&format!("c{n}")), 1, "c{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_welcomes_rest_when_discord_says_that_they_are_too_many() {
    let mut gate = Gate::open().await;
    let too_fast = Action::Fail(403, 40_003, "You are opening direct messages too fast.");
    gate.house
        .discord
        .faults()
        .add(Fault::on("POST", CONVERSATIONS, too_fast));
    gate.house.person("leo").join();
    until("the refusal", || async { gate.gauge().await.code == Some(40_003) }).await;
    // Over a restart too.
    gate.house.resurrect().await;
    gate.house.person("zoe").join();
    until("both to wait", || async { gate.gauge().await.waiting == 2 }).await;
    gate.house.advance(TimeDelta::hours(5));
    let asked = gate.house.discord.calls().route("POST", CONVERSATIONS).count();
    assert_eq!((asked, gate.welcomes("leo")), (1, 0));
    gate.house.advance(TimeDelta::hours(2));
    gate.welcomed("leo").await;
    gate.welcomed("zoe").await;
    gate.quiet().await;
    assert_eq!((gate.welcomes("leo"), gate.welcomes("zoe")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_put_back_welcomes_nobody_twice() {
    let discord = Loopback::start(town()).await.unwrap();
    let program = Program::for_discord(&discord).with("MAILLAGE_MESSAGES_PRIVES_INTERVALLE_SECONDES", "0");
    let welcomes = |who: &str| {
        let dms = discord.person(who).dms();
        dms.iter()
            .filter(|message| text_of(message).starts_with(WELCOME))
            .count()
    };
    let looks = || discord.calls().route("GET", "/guilds/{guild}/members").count();
    let welcomed = async |who: &str| {
        discord.person(who).join();
        until("the welcome", || async { welcomes(who) > 0 }).await;
    };
    let stopped = async |process: Process| {
        process.terminate();
        assert_eq!(process.ended().await.code, Some(0));
    };
    let process = program.spawn(&[]);
    discord.wait_command("valider").await;
    welcomed("leo").await;
    assert_eq!(program.run(&["backup", "copie.db"]).await.code, Some(0));
    welcomed("zoe").await;
    stopped(process).await;
    assert_eq!(program.run(&["restore", "copie.db"]).await.code, Some(0));
    let before = looks();
    let process = program.spawn(&[]);
    until("the look after the restoration", || async { looks() > before }).await;
    welcomed("max").await;
    stopped(process).await;
    for who in ["leo", "zoe", "max"] {
        assert_eq!(welcomes(who), 1, "{who}");
    }
    assert_eq!(welcomes("lea"), 0);
}
