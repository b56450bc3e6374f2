//! The rules of the phone work, and what no sequence of calls can break.

use super::*;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn contact(state: CallState) -> Contact<u8> {
    Contact {
        state,
        has_phone: true,
        number_blocked: false,
        last_call: None,
        lease: None,
    }
}

const TODAY: &str = "2027-03-14";

#[test]
fn each_outcome_leads_where_the_page_says() {
    let today = day(TODAY);
    let tomorrow = in_days(today, 1);
    for (outcome, expected) in [
        (Outcome::NoAnswer, CallState::ToCall),
        (Outcome::MessageLeft, CallState::ToCall),
        (Outcome::TextSent, CallState::ToCall),
        (Outcome::CallBack { on: tomorrow }, CallState::CallBack { on: tomorrow }),
        (Outcome::CallBack { on: today }, CallState::CallBack { on: today }),
        (Outcome::WrongNumber, CallState::Unreachable),
        (Outcome::Refusal, CallState::Refused),
        (Outcome::DoNotCall, CallState::DoNotCall),
    ] {
        assert_eq!(after(CallState::ToCall, outcome, today), Ok(expected), "{outcome:?}");
    }
}

#[test]
fn an_unanswered_call_back_is_used_up_on_its_day_only() {
    let today = day(TODAY);
    let due = CallState::CallBack { on: today };
    let later = CallState::CallBack { on: in_days(today, 3) };
    assert_eq!(after(due, Outcome::NoAnswer, today), Ok(CallState::ToCall));
    assert_eq!(after(later, Outcome::MessageLeft, today), Ok(later));
}

#[test]
fn a_day_in_the_past_or_in_years_is_refused() {
    let today = day(TODAY);
    let ask = |on| after(CallState::ToCall, Outcome::CallBack { on: day(on) }, today);
    assert_eq!(
        ask("2027-03-13"),
        Err(OutcomeRefusal::DayPast { on: day("2027-03-13") })
    );
    assert!(ask("2028-03-14").is_ok());
    assert_eq!(
        ask("2028-03-15"),
        Err(OutcomeRefusal::DayTooFar {
            on: day("2028-03-15"),
            latest: day("2028-03-14")
        })
    );
    assert_eq!(OutcomeKind::CallBack.on(None), Err(OutcomeRefusal::DayMissing));
    assert_eq!(OutcomeKind::Refusal.on(None), Ok(Outcome::Refusal));
}

#[test]
fn a_member_may_ask_not_to_be_called_and_nothing_else() {
    let today = day(TODAY);
    assert_eq!(
        after(CallState::Validated, Outcome::DoNotCall, today),
        Ok(CallState::DoNotCall)
    );
    assert_eq!(
        after(CallState::Validated, Outcome::Refusal, today),
        Err(OutcomeRefusal::AlreadyMember)
    );
    assert_eq!(CallState::Refused.validated(), CallState::Validated);
    assert_eq!(CallState::DoNotCall.validated(), CallState::DoNotCall);
    assert_eq!(CallState::Unreachable.phone_corrected(), CallState::ToCall);
    assert_eq!(CallState::DoNotCall.phone_corrected(), CallState::DoNotCall);
}

#[test]
fn codes_read_back() {
    let on = day(TODAY);
    for state in [
        CallState::ToCall,
        CallState::CallBack { on },
        CallState::Unreachable,
        CallState::Refused,
        CallState::DoNotCall,
        CallState::Validated,
    ] {
        assert_eq!(CallState::from_code(state.code(), state.call_back()), Some(state));
    }
    assert_eq!(CallState::from_code("a_rappeler", None), None);
    for kind in OutcomeKind::ALL {
        assert_eq!(OutcomeKind::from_code(kind.code()), Some(kind));
        assert_eq!(kind.on(Some(on)).unwrap().kind(), kind);
    }
    for filter in Filter::ALL {
        assert_eq!(Filter::from_code(filter.code()), Some(filter));
    }
}

#[test]
fn nobody_is_called_twice_within_twenty_hours() {
    let called = Contact {
        last_call: Some(at("2027-03-14T10:00:00Z")),
        ..contact(CallState::ToCall)
    };
    assert_eq!(
        called.offered(1, &Pace::default(), at("2027-03-15T05:59:59Z")),
        Err(NotOffered::Cooldown {
            until: at("2027-03-15T06:00:00Z")
        })
    );
    assert_eq!(called.offered(1, &Pace::default(), at("2027-03-15T06:00:00Z")), Ok(()));
}

#[test]
fn an_appointment_of_the_evening_is_offered_at_its_hour() {
    // Called at 10:00 in Paris, asked to be called the same evening.
    let called = Contact {
        last_call: Some(at("2027-03-14T09:00:00Z")),
        ..contact(CallState::CallBack { on: day(TODAY) })
    };
    assert!(called.offered(1, &Pace::default(), at("2027-03-14T12:00:00Z")).is_err());
    assert_eq!(called.offered(1, &Pace::default(), at("2027-03-14T17:00:00Z")), Ok(()));
    // Called at 19:00 in Paris with the same day noted: the evening's hour is over.
    let evening = Contact {
        last_call: Some(at("2027-03-14T18:00:00Z")),
        ..called
    };
    assert_eq!(
        evening.offered(1, &Pace::default(), at("2027-03-14T20:00:00Z")),
        Err(NotOffered::Cooldown {
            until: at("2027-03-15T14:00:00Z")
        })
    );
    let later = contact(CallState::CallBack { on: day("2027-03-16") });
    assert_eq!(
        later.offered(1, &Pace::default(), at("2027-03-15T22:59:59Z")),
        Err(NotOffered::Later { on: day("2027-03-16") })
    );
    assert_eq!(later.offered(1, &Pace::default(), at("2027-03-15T23:00:00Z")), Ok(()));
}

#[test]
fn two_relays_never_hold_the_same_person() {
    let now = at("2027-03-14T10:00:00Z");
    let lease = take_lease(None, 1, &Pace::default(), now).unwrap();
    assert_eq!(lease.until, at("2027-03-14T12:00:00Z"));
    assert_eq!(take_lease(Some(lease), 2, &Pace::default(), now), Err(lease));
    let open = Contact {
        lease: Some(lease),
        ..contact(CallState::ToCall)
    };
    assert_eq!(open.offered(2, &Pace::default(), now), Err(NotOffered::Leased(lease)));
    assert_eq!(open.offered(1, &Pace::default(), now), Ok(()));
    let renewed = take_lease(Some(lease), 1, &Pace::default(), at("2027-03-14T11:00:00Z")).unwrap();
    assert_eq!(renewed.until, at("2027-03-14T13:00:00Z"));
    assert!(take_lease(Some(renewed), 2, &Pace::default(), at("2027-03-14T13:00:00Z")).is_ok());
}

#[test]
fn reminders_go_at_eighteen_in_paris_summer_and_winter() {
    assert_eq!(
        reminder_instant(day("2027-03-27"), &Pace::default()),
        at("2027-03-27T17:00:00Z")
    );
    assert_eq!(
        reminder_instant(day("2027-03-28"), &Pace::default()),
        at("2027-03-28T16:00:00Z")
    );
    let state = CallState::CallBack { on: day("2027-03-28") };
    assert!(!reminder_due(
        state,
        false,
        &Pace::default(),
        at("2027-03-28T15:59:59Z")
    ));
    assert!(reminder_due(state, false, &Pace::default(), at("2027-03-28T16:00:00Z")));
    assert!(!reminder_due(state, true, &Pace::default(), at("2027-03-28T16:00:00Z")));
    assert!(!reminder_due(
        CallState::ToCall,
        false,
        &Pace::default(),
        at("2027-03-28T16:00:00Z")
    ));
}

#[test]
fn an_empty_list_says_why() {
    let now = at("2027-03-14T10:00:00Z");
    let list = why_empty(
        [
            contact(CallState::Validated),
            contact(CallState::Refused),
            contact(CallState::CallBack { on: day("2027-03-20") }),
            contact(CallState::CallBack { on: day("2027-03-18") }),
            Contact {
                has_phone: false,
                ..contact(CallState::ToCall)
            },
            Contact {
                number_blocked: true,
                ..contact(CallState::ToCall)
            },
            Contact {
                last_call: Some(at("2027-03-14T09:00:00Z")),
                ..contact(CallState::ToCall)
            },
            Contact {
                lease: Some(Lease {
                    holder: 2,
                    until: at("2027-03-14T11:00:00Z"),
                }),
                ..contact(CallState::ToCall)
            },
        ],
        1,
        &Pace::default(),
        now,
    );
    assert_eq!(
        list,
        EmptyList {
            total: 8,
            done: 2,
            later: 2,
            next_day: Some(day("2027-03-18")),
            cooldown: 1,
            cooldown_ends: Some(at("2027-03-15T05:00:00Z")),
            without_phone: 2,
            leased: 1,
            lease_ends: Some(at("2027-03-14T11:00:00Z")),
        }
    );
}

fn states() -> impl Strategy<Value = CallState> {
    prop_oneof![
        Just(CallState::ToCall),
        (0u64..40).prop_map(|days| CallState::CallBack {
            on: in_days(day("2027-03-01"), days)
        }),
        Just(CallState::Unreachable),
        Just(CallState::Refused),
        Just(CallState::DoNotCall),
        Just(CallState::Validated),
    ]
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    (0..OutcomeKind::ALL.len(), 0u64..40).prop_map(|(kind, days)| {
        OutcomeKind::ALL[kind]
            .on(Some(in_days(day("2027-03-01"), days)))
            .unwrap()
    })
}

fn contacts() -> impl Strategy<Value = Contact<u8>> {
    let lease = (0u8..3, 0i64..300).prop_map(|(holder, minutes)| Lease {
        holder,
        until: at("2027-03-14T10:00:00Z") + TimeDelta::minutes(minutes - 150),
    });
    let called = (0i64..3_000).prop_map(|minutes| at("2027-03-14T10:00:00Z") - TimeDelta::minutes(minutes));
    (
        states(),
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(called),
        proptest::option::of(lease),
    )
        .prop_map(|(state, has_phone, number_blocked, last_call, lease)| Contact {
            state,
            has_phone,
            number_blocked,
            last_call,
            lease,
        })
}

proptest! {
    #[test]
    fn never_called_again_once_asked(first in states(), calls in prop::collection::vec(outcomes(), 0..12)) {
        let today = day(TODAY);
        let mut state = first;
        let mut asked = state == CallState::DoNotCall;
        for outcome in calls {
            let next = after(state, outcome, today);
            if asked {
                prop_assert_eq!(next, Err(OutcomeRefusal::DoNotCallIsFinal));
            }
            if state == CallState::Validated && next.is_ok() {
                prop_assert_eq!(outcome, Outcome::DoNotCall);
            }
            // A refused outcome leaves the state as it was.
            state = next.unwrap_or(state);
            asked |= state == CallState::DoNotCall;
            prop_assert_eq!(asked, state == CallState::DoNotCall);
        }
    }

    #[test]
    fn no_call_ever_validates(state in states(), outcome in outcomes()) {
        if state != CallState::Validated {
            prop_assert_ne!(after(state, outcome, day(TODAY)), Ok(CallState::Validated));
        }
    }

    #[test]
    fn at_most_one_of_two_relays_is_offered_a_leased_person(contact in contacts()) {
        let now = at("2027-03-14T10:00:00Z");
        if contact.lease.is_some_and(|lease| now < lease.until) {
            prop_assert!(contact.offered(0, &Pace::default(), now).is_err() || contact.offered(1, &Pace::default(), now).is_err());
        }
    }

    #[test]
    fn whoever_is_offered_may_be_called(contact in contacts()) {
        let now = at("2027-03-14T10:00:00Z");
        if contact.offered(1, &Pace::default(), now).is_ok() {
            prop_assert!(contact.has_phone && !contact.number_blocked);
            let awaited = matches!(contact.state, CallState::ToCall | CallState::CallBack { .. });
            prop_assert!(awaited);
            if contact.state == CallState::ToCall {
                prop_assert!(contact.last_call.is_none_or(|last| now - last >= Pace::default().cooldown));
            }
        }
        let list = why_empty([contact], 1, &Pace::default(), now);
        let reasons = list.done + list.later + list.cooldown + list.without_phone + list.leased;
        prop_assert_eq!(reasons, usize::from(contact.offered(1, &Pace::default(), now).is_err()));
    }

    #[test]
    fn every_person_is_in_all_and_in_at_most_one_list_of_states(contact in contacts()) {
        let now = at("2027-03-14T10:00:00Z");
        prop_assert!(Filter::All.shows(&contact, 1, &Pace::default(), now));
        let lists = [Filter::CallBack, Filter::Validated, Filter::Refused]
            .iter()
            .filter(|filter| filter.shows(&contact, 1, &Pace::default(), now))
            .count();
        prop_assert!(lists <= 1);
    }

    #[test]
    fn a_free_lease_is_always_taken(contact in contacts()) {
        let now = at("2027-03-14T10:00:00Z");
        match take_lease(contact.lease, 1, &Pace::default(), now) {
            Ok(lease) => prop_assert!(lease.holder == 1 && lease.until == now + Pace::default().lease),
            Err(other) => prop_assert!(other.holder != 1 && now < other.until),
        }
    }
}
