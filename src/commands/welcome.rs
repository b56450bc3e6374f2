//! The buttons of the welcome (product.md §11); «J’ai un code» is beside [`super::invitation`].

use super::components::Press;
use crate::domain::view::Message;
use crate::error::Outcome;
use crate::texts;
use crate::usecases::{meeting_subscribe, my_data, opt_out};

/// «Me le rappeler».
pub(super) async fn remind(press: &Press<'_>) -> Outcome<()> {
    let app = &press.data.app;
    let subscribed = meeting_subscribe::subscribe(app, press.actor, app.clock.now()).await?;
    answer(press, &texts::welcome::reminded(subscribed.meeting, subscribed.stopped)).await
}

/// «Ne plus me le rappeler».
pub(super) async fn forget(press: &Press<'_>) -> Outcome<()> {
    meeting_subscribe::unsubscribe(&press.data.app, press.actor).await?;
    answer(press, &texts::welcome::not_reminded()).await
}

/// «Mes données».
pub(super) async fn my_data(press: &Press<'_>) -> Outcome<()> {
    let held = my_data::show(&press.data.app, press.actor).await?;
    answer(press, &texts::my_data::show(&held)).await
}

/// «Ne plus recevoir de messages».
pub(super) async fn stop(press: &Press<'_>) -> Outcome<()> {
    let app = &press.data.app;
    opt_out::stop(app, press.actor, app.clock.now()).await?;
    answer(press, &texts::welcome::stopped()).await
}

/// «Recevoir à nouveau les messages».
pub(super) async fn resume(press: &Press<'_>) -> Outcome<()> {
    let app = &press.data.app;
    opt_out::resume(app, press.actor, app.clock.now()).await?;
    answer(press, &texts::welcome::resumed()).await
}

/// The welcome stays as it is; an answer that only its reader sees gives way to the next one.
async fn answer(press: &Press<'_>, message: &Message) -> Outcome<()> {
    if press.ephemeral {
        press.reply.update(message).await?;
    } else {
        press.reply.send(message).await?;
    }
    Ok(())
}
