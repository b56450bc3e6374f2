//! Paris civil time, dates as people type them, the newcomers' meeting and its reminders, public holidays.
//!
//! Everything is computed from the civil calendar of Paris and turned into an instant at the end: a rule such as
//! «every Monday at 20:00» keeps its hour over the changes of March and October, which a fixed number of seconds or a
//! Discord recurrence rule would not (product.md §11).

mod agenda;
mod holidays;
mod meeting;
mod paris;
mod typed;

pub use agenda::{Occurrence, Standing, agenda};
pub use holidays::{Holiday, easter, holiday, holidays};
pub use meeting::{Meeting, MeetingRule, Reminder, ReminderKind, ReminderRule};
pub use paris::{PARIS, civil, months_before, next_daily, next_weekly, paris_date, paris_time};
pub use typed::{DateFault, TypedDate, YEARS, parse_date, parse_date_time, parse_time};
