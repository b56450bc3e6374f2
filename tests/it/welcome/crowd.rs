//! A crowd that comes within a minute: nobody is welcomed twice, nobody is lost, the pace and the daily number are kept.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use maillage::domain::calendar::paris_date;
use maillage::loopback::{Builder, text_of};
use sqlx::SqlitePool;

use super::{Gate, WELCOME};
use crate::support::{House, until};
use crate::world::raw;

const CROWD: usize = 500;
const PACE: TimeDelta = TimeDelta::seconds(3);

/// When each welcome was sent, in order.
async fn sent(pool: &SqlitePool) -> Vec<DateTime<Utc>> {
    let rows: Vec<i64> = sqlx::query_scalar("SELECT done_at FROM outbox WHERE outcome = 'sent' ORDER BY done_at")
        .fetch_all(pool)
        .await
        .unwrap();
    rows.into_iter()
        .map(|at| DateTime::from_timestamp(at, 0).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_within_a_minute() {
    // 23:55 in Paris: the first day ends amid the welcomes.
    let start: DateTime<Utc> = "2027-03-01T22:55:00Z".parse().unwrap();
    let mut house = House::open_with(Builder::at(start).member("camille", "Camille", &[]), |settings| {
        settings.tunables.direct_messages.pace = PACE;
    })
    .await;
    let admin = house.discord.admin();
    let crowd: Vec<u64> = (0..CROWD)
        .map(|n| admin.create_user(&format!("n{n}"), "Nouveau"))
        .collect();
    for (n, user) in crowd.iter().enumerate() {
        // Some twice, some through the screening, some leave at once.
        admin.join(*user, n % 3 == 0);
        if n % 5 == 0 {
            admin.join(*user, n % 3 == 0);
        }
        if n % 3 == 0 {
            admin.edit_member(*user, |member| member.pending = false);
        }
    }
    let pool = raw(&house.database()).await;
    let queued = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM greetings WHERE welcomed = 1")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    until("everyone to be noticed", || async { queued().await == CROWD as i64 }).await;
    let mut done = 0;
    while done < CROWD {
        let now = house.now();
        let day = paris_date(now);
        let today = sent(&pool).await.iter().filter(|at| paris_date(**at) == day).count();
        if today == 200 {
            // Enough for today: nothing more before midnight in Paris.
            let before = done;
            house.advance(TimeDelta::minutes(5));
            house.advance(PACE);
            assert_eq!(sent(&pool).await.len(), before);
            house.advance(TimeDelta::hours(3));
            continue;
        }
        until("one more welcome", || async { sent(&pool).await.len() > done }).await;
        done += 1;
        assert_eq!(sent(&pool).await.len(), done, "one at a time");
        match done {
            60 => house.restart().await,
            // Between two instructions, wherever that is.
            130 | 333 => house.resurrect().await,
            _ => {}
        }
        if done < CROWD {
            house.advance(TimeDelta::seconds(1));
            house.advance(TimeDelta::seconds(1));
            assert_eq!(sent(&pool).await.len(), done, "not before three seconds");
            house.advance(TimeDelta::seconds(1));
        }
    }
    let gate = Gate { house };
    gate.quiet().await;
    let all = sent(&pool).await;
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] >= PACE));
    let mut days = BTreeMap::<NaiveDate, usize>::new();
    for at in &all {
        *days.entry(paris_date(*at)).or_default() += 1;
    }
    // 100 before midnight, then 200 a day.
    assert_eq!(days.values().copied().collect::<Vec<_>>(), [100, 200, 200]);
    // What people have really read.
    gate.house.discord.read(|world| {
        for user in &crowd {
            let welcomes = world
                .dms_of(*user)
                .iter()
                .filter(|message| text_of(message).starts_with(WELCOME))
                .count();
            assert_eq!(welcomes, 1);
        }
    });
    let calls = gate.house.discord.calls();
    assert_eq!(calls.route("POST", "/channels/{channel}/messages").count(), CROWD);
}
