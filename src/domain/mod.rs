//! Everything that decides, as pure values: no database, no Discord, no clock, no environment.

pub mod action;
pub mod bindings;
pub mod calendar;
pub mod contact;
pub mod csv_export;
pub mod desired;
pub mod duplicates;
pub mod fold;
pub mod ids;
pub mod import;
pub mod installation;
pub mod invitation;
pub mod ladder;
pub mod meeting_event;
pub mod notice;
pub mod observed;
pub mod permissions;
pub mod person;
pub mod place;
pub mod plan;
pub mod register;
pub mod signup_file;
pub mod snapshot;
pub mod territory;
pub mod view;
pub mod words;
