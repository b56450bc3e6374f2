//! The one integration binary: serenity is linked once. Each file acts as persons against the loopback Discord, or reads the
//! repository itself.

mod gateway;
mod loopback;
mod startup;
mod store;
mod support;
mod tidy;
