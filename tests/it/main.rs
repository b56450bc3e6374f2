//! The one integration binary: serenity links once.

mod loopback;
