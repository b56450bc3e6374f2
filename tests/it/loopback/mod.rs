//! The loopback itself: that an unmodified bot can live in it, and that it refuses what Discord refuses.

mod bot;
mod serenity_lives_here;
