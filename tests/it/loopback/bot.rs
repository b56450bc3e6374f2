//! A small poise bot that knows nothing of the loopback but its address.

use std::sync::Arc;
use std::time::Duration;

use maillage::loopback::{Handle, Loopback};
use poise::serenity_prelude as serenity;
use serenity::{
    ButtonStyle, Context as SerenityContext, CreateActionRow, CreateButton, CreateEmbed, CreateInputText,
    CreateInteractionResponse as Response, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    CreateModal, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, FullEvent,
    GatewayIntents, InputTextStyle, Interaction,
};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

/// What the bot has seen: the names of typed events, in order.
#[derive(Clone)]
pub(super) struct Seen(Arc<watch::Sender<Vec<String>>>);

impl Seen {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.0.borrow().iter().filter(|n| *n == name).count()
    }

    /// Waits until that event has come so many times.
    pub(super) async fn wait(&self, name: &str, times: usize) {
        let mut seen = self.0.subscribe();
        let enough = |list: &Vec<String>| list.iter().filter(|n| *n == name).count() >= times;
        let wait = tokio::time::timeout(Duration::from_secs(15), seen.wait_for(enough))
            .await
            .is_ok();
        assert!(
            wait,
            "{name} came {} times, not {times}: {:?}",
            self.count(name),
            self.0.borrow()
        );
    }

    fn push(&self, name: &str) {
        self.0.send_modify(|list| list.push(name.to_owned()));
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;
type Context<'a> = poise::Context<'a, Seen, Error>;

/// A bot in a runtime of its own. Dropping it is `kill -9`: serenity's shards are tasks of their own, which would
/// outlive the task that started them.
pub(super) struct Bot {
    pub(super) seen: Seen,
    end: Option<oneshot::Receiver<Result<(), serenity::Error>>>,
    runtime: Option<Runtime>,
}

impl Bot {
    fn spawn(seen: Seen, client: impl Future<Output = Result<(), serenity::Error>> + Send + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (ended, end) = oneshot::channel();
        runtime.spawn(async move {
            // Nobody may be waiting for it.
            let _ = ended.send(client.await);
        });
        Self {
            seen,
            end: Some(end),
            runtime: Some(runtime),
        }
    }

    /// How the client ended by itself.
    pub(super) async fn ended(&mut self) -> Result<(), serenity::Error> {
        let end = self.end.take().expect("asked once");
        tokio::time::timeout(Duration::from_secs(15), end)
            .await
            .expect("an end")
            .expect("a result")
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(super) const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MEMBERS)
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::DIRECT_MESSAGES)
    .union(GatewayIntents::GUILD_SCHEDULED_EVENTS)
    .union(GatewayIntents::GUILD_INVITES);

pub(super) fn http(discord: &Handle) -> serenity::Http {
    let http = serenity::HttpBuilder::new(discord.token())
        .proxy(discord.base_url())
        .ratelimiter_disabled(true)
        .build();
    http.set_application_id(discord.bot_id().into());
    http
}

/// Starts the bot and waits until its commands are there.
pub(super) async fn start(discord: &Loopback) -> Bot {
    let bot = start_with(discord, INTENTS);
    discord.wait_command("salut").await;
    bot
}

pub(super) fn start_with(discord: &Handle, intents: GatewayIntents) -> Bot {
    let seen = Seen::new();
    let (data, http) = (seen.clone(), http(discord));
    let guild = serenity::GuildId::new(discord.guild_id());
    let framework = poise::Framework::builder()
        .options(poise::FrameworkOptions {
            commands: vec![salut(), lent(), muet(), relai(), formulaire(), fichier()],
            event_handler: |framework, event| Box::pin(on_event(framework, event)),
            ..Default::default()
        })
        .setup(move |ctx, _ready, framework| {
            Box::pin(async move {
                poise::builtins::register_in_guild(ctx, &framework.options().commands, guild).await?;
                Ok(data)
            })
        })
        .build();
    let client = serenity::ClientBuilder::new_with_http(http, intents).framework(framework);
    Bot::spawn(seen, async move { client.await?.start().await })
}

/// Says hello.
#[poise::command(slash_command)]
async fn salut(
    ctx: Context<'_>,
    #[description = "qui"]
    #[autocomplete = "who"]
    qui: Option<String>,
) -> Result<(), Error> {
    let buttons = vec![
        CreateButton::new("salut:1:oui")
            .label("C’est ça")
            .style(ButtonStyle::Success),
    ];
    let menu = CreateSelectMenu::new(
        "salut:1:choix",
        CreateSelectMenuKind::String {
            options: vec![
                CreateSelectMenuOption::new("Lunel", "lunel"),
                CreateSelectMenuOption::new("Nîmes", "nimes"),
            ],
        },
    )
    .placeholder("Quel groupe ?");
    let people = CreateSelectMenu::new("salut:1:qui", CreateSelectMenuKind::User { default_users: None });
    ctx.send(
        poise::CreateReply::default()
            .content(format!("Bonjour {}", qui.unwrap_or_default()))
            .embed(
                CreateEmbed::new()
                    .title("Titre")
                    .field("champ", "valeur", true)
                    .footer(serenity::CreateEmbedFooter::new("pied")),
            )
            .components(vec![
                CreateActionRow::Buttons(buttons),
                CreateActionRow::SelectMenu(menu),
                CreateActionRow::SelectMenu(people),
            ])
            .ephemeral(true),
    )
    .await?;
    Ok(())
}

async fn who(_ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    let choice = |name: &str| serenity::AutocompleteChoice::new(name, name);
    let all = ["Camille", "Noé", "Awa"]
        .into_iter()
        .filter(|n| n.to_lowercase().contains(&partial.to_lowercase()));
    serenity::CreateAutocompleteResponse::new().set_choices(all.map(choice).collect())
}

/// Thinks before it answers.
#[poise::command(slash_command)]
async fn lent(ctx: Context<'_>) -> Result<(), Error> {
    ctx.defer_ephemeral().await?;
    ctx.say("fini").await?;
    ctx.say("et encore").await?;
    Ok(())
}

/// Never answers.
#[poise::command(slash_command)]
async fn muet(_ctx: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Has subcommands.
#[poise::command(
    slash_command,
    subcommands("nommer"),
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD"
)]
async fn relai(_ctx: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Names a relay.
#[poise::command(slash_command)]
async fn nommer(
    ctx: Context<'_>,
    #[description = "groupe"] groupe: String,
    #[description = "membre"] membre: serenity::User,
) -> Result<(), Error> {
    let member = ctx.author_member().await.is_some();
    ctx.say(format!("{} relaie {groupe} {member}", membre.name)).await?;
    Ok(())
}

/// Opens a form.
#[poise::command(slash_command)]
async fn formulaire(ctx: Context<'_>) -> Result<(), Error> {
    let poise::Context::Application(ctx) = ctx else {
        return Ok(());
    };
    let input =
        |id: &str, label: &str| CreateActionRow::InputText(CreateInputText::new(InputTextStyle::Short, label, id));
    let modal = CreateModal::new("formulaire:7", "Valider une participation").components(vec![
        input("prenom", "Prénom"),
        CreateActionRow::InputText(CreateInputText::new(InputTextStyle::Short, "Nom", "nom").value("Dupré")),
    ]);
    ctx.interaction
        .create_response(ctx.http(), Response::Modal(modal))
        .await?;
    Ok(())
}

/// Takes a file and gives one back.
#[poise::command(slash_command)]
async fn fichier(ctx: Context<'_>, #[description = "fichier"] fichier: serenity::Attachment) -> Result<(), Error> {
    let text = String::from_utf8(fichier.download().await?)?;
    let back = serenity::CreateAttachment::bytes(text.to_uppercase(), "retour.txt");
    ctx.send(
        poise::CreateReply::default()
            .content(format!("{} octets", fichier.size))
            .attachment(back),
    )
    .await?;
    Ok(())
}

fn respond(content: &str) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(content).ephemeral(true)
}

async fn on_event(framework: poise::FrameworkContext<'_, Seen, Error>, event: &FullEvent) -> Result<(), Error> {
    framework.user_data.push(event.snake_case_name());
    let ctx = framework.serenity_context;
    match event {
        FullEvent::InteractionCreate {
            interaction: Interaction::Component(press),
        } => component(ctx, press).await?,
        FullEvent::InteractionCreate {
            interaction: Interaction::Modal(modal),
        } => {
            let values: Vec<String> = modal
                .data
                .components
                .iter()
                .flat_map(|row| &row.components)
                .filter_map(|c| match c {
                    serenity::ActionRowComponent::InputText(input) => input.value.clone(),
                    _ => None,
                })
                .collect();
            let text = format!("{} {}", modal.data.custom_id, values.join(" "));
            modal
                .create_response(&ctx.http, Response::Message(respond(&text)))
                .await?;
        }
        FullEvent::Message { new_message } if new_message.content == "<@compte>" => {
            let guild = new_message.guild_id.ok_or("no server")?;
            ctx.shard
                .chunk_guild(guild, None, false, serenity::ChunkGuildFilter::None, None);
        }
        _ => {}
    }
    Ok(())
}

async fn component(ctx: &SerenityContext, press: &serenity::ComponentInteraction) -> Result<(), Error> {
    use serenity::ComponentInteractionDataKind as Data;
    match &press.data.kind {
        Data::Button => {
            let edit = CreateInteractionResponseMessage::new()
                .content("compris")
                .components(vec![]);
            press.create_response(&ctx.http, Response::UpdateMessage(edit)).await?;
            press
                .edit_response(&ctx.http, EditInteractionResponse::new().content("compris, et le lien"))
                .await?;
            let more = CreateInteractionResponseFollowup::new()
                .content("suite")
                .ephemeral(true);
            press.create_followup(&ctx.http, more).await?;
        }
        Data::StringSelect { values } => {
            press
                .create_response(&ctx.http, Response::Message(respond(&values.join(","))))
                .await?;
        }
        Data::UserSelect { values } => {
            let names: Vec<&str> = values
                .iter()
                .filter_map(|id| press.data.resolved.users.get(id))
                .map(|u| u.name.as_str())
                .collect();
            press
                .create_response(&ctx.http, Response::Message(respond(&names.join(","))))
                .await?;
        }
        _ => {}
    }
    Ok(())
}

/// A client that hands every interaction over instead of answering it.
pub(super) struct Silent {
    _bot: Bot,
    interactions: mpsc::UnboundedReceiver<Interaction>,
}

impl Silent {
    pub(super) async fn start(discord: &Handle) -> Self {
        let (sender, interactions) = mpsc::unbounded_channel();
        let client = serenity::ClientBuilder::new_with_http(http(discord), INTENTS).event_handler(Forward(sender));
        let bot = Bot::spawn(Seen::new(), async move { client.await?.start().await });
        discord.wait_connected().await;
        Self {
            _bot: bot,
            interactions,
        }
    }

    /// The identifier and the token of the next interaction.
    pub(super) async fn next(&mut self) -> (u64, String) {
        let next = tokio::time::timeout(Duration::from_secs(10), self.interactions.recv()).await;
        let interaction = next.expect("an interaction").expect("a living client");
        (interaction.id().get(), interaction.token().to_owned())
    }

    /// The next interaction as serenity reads it.
    pub(super) async fn next_typed(&mut self) -> Interaction {
        let next = tokio::time::timeout(Duration::from_secs(10), self.interactions.recv()).await;
        next.expect("an interaction").expect("a living client")
    }
}

struct Forward(mpsc::UnboundedSender<Interaction>);

#[serenity::async_trait]
impl serenity::EventHandler for Forward {
    async fn interaction_create(&self, _: SerenityContext, interaction: Interaction) {
        // The test may have ended already.
        let _ = self.0.send(interaction);
    }
}
