//! One-time codes as persons type them (product.md §6.6).

use chrono::TimeDelta;
use maillage::loopback::{Answer, Person};

use crate::phone::acts::Lunel;

async fn code(relay: &Person, who: &str) -> String {
    let person = relay.choose("invitation", "personne", who).await.unwrap();
    let given = relay.slash("invitation", &[("personne", person)]).await.unwrap();
    let text = given.content();
    text.split('`')
        .find(|part| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .unwrap()
        .to_owned()
}

async fn join(who: &Person, code: &str) -> Answer {
    who.slash("rejoindre", &[("code", code.into())]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_within_the_hour_is_refused_and_a_linked_account_keeps_the_code() {
    let lunel = Lunel::with(3).await;
    let (camille, lea, m1) = (lunel.person("camille"), lunel.person("lea"), lunel.person("m1"));
    let right = code(&camille, "rochea").await;
    for _ in 0..5 {
        let wrong = join(&lea, "ABCDEFGH").await;
        assert!(wrong.ephemeral() && !wrong.text().contains("Lunel"), "{}", wrong.text());
    }
    let sixth = join(&lea, &right).await;
    assert!(
        !sixth.text().contains("Lunel"),
        "even with the right code: {}",
        sixth.text()
    );
    // Somebody else is not hindered, and an account linked already leaves the code to its person.
    let linked = join(&m1, &code(&camille, "rocheb").await).await;
    assert!(linked.text().contains("Lunel"), "{}", linked.text());
    let refused = join(&m1, &right).await;
    assert!(!refused.text().contains("Lunel"), "{}", refused.text());
    lunel.house.advance(TimeDelta::minutes(61));
    let joined = join(&lea, &right).await;
    assert!(joined.text().contains("Lunel"), "{}", joined.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_typed_by_two_persons_at_once_serves_one() {
    let lunel = Lunel::with(4).await;
    let camille = lunel.person("camille");
    for (n, letter) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let code = code(&camille, &format!("roche{letter}")).await;
        let (one, other) = (
            lunel.person(&format!("m{}", 2 * n + 1)),
            lunel.person(&format!("m{}", 2 * n + 2)),
        );
        let (first, second) = tokio::join!(join(&one, &code), join(&other, &code));
        let served = [&first, &second].map(|answer| answer.text().contains("Lunel"));
        assert_ne!(served[0], served[1], "{} / {}", first.text(), second.text());
    }
}
