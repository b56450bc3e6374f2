//! What the host reads in a terminal: one clear line for each thing that prevents a start (product.md §17), and the reports of
//! the commands of the shell.

use std::path::Path;
use std::time::Duration;

use super::markdown::number;

/// `maillage`.
pub const ABOUT: &str = "Le bot qui fait vivre les groupes locaux du Mouvement Constituant Populaire.";
/// `maillage run`.
pub const RUN: &str = "Se connecte à Discord et y reste (par défaut)";
/// `maillage check`.
pub const CHECK: &str = "Vérifie les réglages, les textes et la base, et donne le lien d’invitation";
/// `maillage import`.
pub const IMPORT: &str = "Importe un fichier d’inscriptions du site";
/// `maillage import --dry-run`.
pub const DRY_RUN: &str = "Montre ce que ferait l’import, sans rien enregistrer";
/// A file of sign-ups.
pub const IMPORT_FILE: &str = "Le fichier CSV (ou .csv.gz) exporté du site";
/// `maillage territoires`.
pub const TERRITORIES: &str = "Les données des territoires";
/// `maillage territoires importer`.
pub const TERRITORIES_IMPORT: &str = "Charge la table officielle de l’Insee et passe aux bassins de vie 2022";
/// INSEE's table.
pub const TERRITORIES_FILE: &str = "La «\u{a0}table d’appartenance géographique des communes\u{a0}» (.xlsx ou .csv)";
/// `maillage territoires construire`.
pub const TERRITORIES_BUILD: &str = "Reconstruit les tables livrées à partir du paquet npm décompressé";
/// The unpacked package.
pub const TERRITORIES_FOLDER: &str = "Le dossier du paquet @etalab/decoupage-administratif";
/// `maillage backup`.
pub const BACKUP: &str = "Copie la base dans un nouveau fichier, même pendant que le bot tourne";
/// The copy to make.
pub const BACKUP_FILE: &str = "Le fichier à créer";
/// `maillage export`.
pub const EXPORT: &str =
    "Écrit les personnes, les groupes, les validations et le journal dans un dossier, même pendant que le bot tourne";
/// Where the exports go.
pub const EXPORT_FOLDER: &str = "Le dossier à remplir ; il est créé s’il n’existe pas, rien n’y est écrasé";
/// `maillage rekey`.
pub const REKEY: &str = "Change la clé de la base et chiffre de nouveau les identités ; le bot doit être arrêté";
/// `maillage restore`.
pub const RESTORE: &str = "Remet une copie à la place de la base, le bot étant arrêté";
/// The copy to put back.
pub const RESTORE_FILE: &str = "La copie à remettre en place";

/// `maillage demo`.
pub const DEMO: &str = "Le bac à sable\u{a0}: sans jeton ni réseau, avec des personnes inventées";
/// `maillage demo --scenario`.
pub const DEMO_SCENARIO: &str = "Raconte la vie d’un groupe, de quatre inscrits à l’ACP";

/// A story of the sandbox that cannot be told to its end.
#[must_use]
pub fn demo(why: &str) -> String {
    format!("Le scénario s’est arrêté avant sa fin ({why}).")
}

/// A command or an option that does not exist.
#[must_use]
pub fn usage(found: Option<&str>) -> String {
    match found {
        Some(found) => {
            format!("«\u{a0}{found}\u{a0}» n’est pas compris ici. La liste des commandes\u{a0}: maillage --help")
        }
        None => "Il manque un élément à cette commande. La liste des commandes\u{a0}: maillage --help".to_owned(),
    }
}

/// The file `.env` cannot be read.
#[must_use]
pub fn dotenv(line: Option<&str>) -> String {
    match line {
        Some(name) => format!(".env\u{a0}: la ligne qui suit {name} n’est pas de la forme NOM=valeur."),
        None => ".env\u{a0}: ce fichier ne peut pas être lu, ou sa première ligne n’est pas de la forme NOM=valeur."
            .to_owned(),
    }
}

/// Something of the machine that fails: a file, the runtime.
#[must_use]
pub fn machine(doing: &str) -> String {
    format!("Le programme ne peut pas démarrer sur cette machine ({doing}).")
}

/// The token is not known to Discord.
#[must_use]
pub fn token_refused() -> String {
    "Discord refuse le jeton du bot (DISCORD_TOKEN)\u{a0}: il est faux, incomplet ou a été remplacé. Copiez celui qui est en \
     vigueur dans le portail des développeurs Discord, page «\u{a0}Bot\u{a0}»."
        .to_owned()
}

/// A privileged intent is not ticked.
#[must_use]
pub fn intents_refused() -> String {
    "Discord refuse la connexion\u{a0}: «\u{a0}Server Members Intent\u{a0}» n’est pas coché. Cochez-le dans le portail des développeurs \
     Discord, page «\u{a0}Bot\u{a0}», puis relancez le programme."
        .to_owned()
}

/// The API refuses to say where the gateway is.
#[must_use]
pub fn api_refused(api: Option<&str>, status: Option<u16>) -> String {
    let status = status.map(|status| format!(" (réponse {status})")).unwrap_or_default();
    match api {
        Some(api) => format!(
            "DISCORD_API_URL\u{a0}: {api} refuse l’accès{status}. Vérifiez cette adresse et le jeton, ou retirez ce réglage pour \
             joindre Discord directement."
        ),
        None => format!(
            "Discord refuse l’accès à son API{status}. Vérifiez le jeton du bot (DISCORD_TOKEN) et l’accès de cette machine à \
             discord.com."
        ),
    }
}

/// The address of the API is not that of Discord's API.
#[must_use]
pub fn api_unusable(api: Option<&str>) -> String {
    match api {
        Some(api) => format!(
            "DISCORD_API_URL\u{a0}: {api} ne répond pas comme l’API de Discord. Attendu\u{a0}: l’adresse d’un relais de cette API ou du \
             bac à sable, par exemple http://127.0.0.1:8080."
        ),
        None => "Discord n’a pas donné d’adresse de connexion utilisable\u{a0}: quelque chose répond à sa place (un mandataire\u{a0}?)."
            .to_owned(),
    }
}

/// The bot is nowhere.
#[must_use]
pub fn no_server() -> String {
    "Le bot n’est encore sur aucun serveur Discord. Invitez-le avec le lien que donne «\u{a0}maillage check\u{a0}», puis relancez le \
     programme."
        .to_owned()
}

/// The bot is on several servers.
#[must_use]
pub fn several_servers(count: usize) -> String {
    format!(
        "Le bot est sur {count} serveurs Discord\u{a0}: indiquez le sien par DISCORD_GUILD_ID (clic droit sur le serveur, «\u{a0}Copier \
         l’identifiant\u{a0}»)."
    )
}

/// The bot is not on its server.
#[must_use]
pub fn not_on_server(server: u64) -> String {
    format!(
        "Le bot n’est pas, ou plus, sur le serveur Discord {server}. Invitez-le avec le lien que donne «\u{a0}maillage check\u{a0}», ou \
         corrigez DISCORD_GUILD_ID."
    )
}

/// The database serves another server.
#[must_use]
pub fn other_server(bound: u64, asked: u64) -> String {
    format!(
        "Cette base est liée au serveur Discord {bound}, mais DISCORD_GUILD_ID indique {asked}. Corrigez DISCORD_GUILD_ID, ou \
         choisissez une autre base par DATABASE_URL."
    )
}

/// The gateway has died without a word.
#[must_use]
pub fn silent(silence: Duration) -> String {
    let minutes = silence.as_secs() / 60;
    let since = if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{} s", silence.as_secs())
    };
    format!(
        "Discord ne donne plus signe de vie depuis {since}\u{a0}: le programme s’arrête pour être relancé. Rien n’est perdu."
    )
}

/// The connection cannot go on.
#[must_use]
pub fn stopped() -> String {
    "La connexion à Discord s’est arrêtée d’une façon inattendue\u{a0}: le programme s’arrête pour être relancé. Rien n’est perdu."
        .to_owned()
}

/// The TLS library, or serenity, cannot start.
#[must_use]
pub fn no_client() -> String {
    "La connexion chiffrée à Discord ne peut pas être préparée sur cette machine.".to_owned()
}

/// The address of the measures cannot be had.
#[must_use]
pub fn metrics(address: &str, reason: std::io::ErrorKind) -> String {
    let why = match reason {
        std::io::ErrorKind::AddrInUse => "un autre programme utilise déjà cette adresse",
        std::io::ErrorKind::PermissionDenied => "les droits de ce compte ne suffisent pas",
        std::io::ErrorKind::AddrNotAvailable => "cette adresse n’est pas celle de cette machine",
        _ => "cette adresse ne peut pas être utilisée",
    };
    format!("METRICS_ADDR\u{a0}: {address}\u{a0}: {why}.")
}

/// Another process holds the database.
#[must_use]
pub fn held(database: &Path) -> String {
    format!(
        "{}\u{a0}: cette base est déjà utilisée par un autre maillage. Arrêtez-le d’abord, ou choisissez une autre base par \
         DATABASE_URL.",
        database.display()
    )
}

/// A file that is no database of ours.
#[must_use]
pub fn not_ours(path: &Path) -> String {
    format!(
        "{}\u{a0}: ce fichier n’est pas une base de maillage. Corrigez DATABASE_URL, ou déplacez ce fichier.",
        path.display()
    )
}

/// A database of a later version.
#[must_use]
pub fn newer(path: &Path, version: i64, known: i64) -> String {
    format!(
        "{}\u{a0}: cette base vient d’une version plus récente du programme (schéma {version}, celle-ci connaît {known}). Reprenez \
         la version récente.",
        path.display()
    )
}

/// A file or its folder cannot be used.
#[must_use]
pub fn file(path: &Path, source: &std::io::Error) -> String {
    let why = match source.kind() {
        std::io::ErrorKind::NotFound => "ce fichier, ou son dossier, n’existe pas",
        std::io::ErrorKind::PermissionDenied => "les droits de ce compte ne suffisent pas",
        std::io::ErrorKind::IsADirectory => "c’est un dossier, pas un fichier",
        std::io::ErrorKind::StorageFull => "le disque est plein",
        std::io::ErrorKind::ReadOnlyFilesystem => "ce disque est en lecture seule",
        _ => "ce fichier ne peut pas être utilisé",
    };
    format!("{}\u{a0}: {why}.", path.display())
}

/// The key file is gone.
#[must_use]
pub fn key_missing(path: &Path) -> String {
    format!(
        "{}\u{a0}: la clé de cette base manque. Remettez la copie que vous en avez gardée, ou donnez-la par MAILLAGE_KEY\u{a0}; sans elle, \
         les identités ne se lisent pas.",
        path.display()
    )
}

/// The key is that of another database.
#[must_use]
pub fn key_wrong(file: Option<&Path>) -> String {
    match file {
        Some(file) => format!(
            "{}\u{a0}: cette clé n’est pas celle de la base. Remettez la clé d’origine, ou la base qui va avec celle-ci.",
            file.display()
        ),
        None => "MAILLAGE_KEY\u{a0}: cette clé n’est pas celle de la base. Donnez la clé d’origine, ou la base qui va avec celle-ci\u{a0}; \
                 après « maillage rekey », la nouvelle clé est dans maillage.key (ou maillage.key.nouvelle), à côté de la base."
            .to_owned(),
    }
}

/// The key file does not hold a key.
#[must_use]
pub fn key_malformed(file: Option<&Path>) -> String {
    let place = file.map_or_else(|| "MAILLAGE_KEY".to_owned(), |file| file.display().to_string());
    format!(
        "{place}\u{a0}: ce n’est pas une clé. Attendu\u{a0}: {}.",
        super::faults::expected::KEY
    )
}

/// The keys cannot be made or read.
#[must_use]
pub fn key_broken() -> String {
    "Les clés de la base ne peuvent pas être préparées\u{a0}: le générateur aléatoire du système ou la base ne répond pas.".to_owned()
}

/// SQLite fails.
#[must_use]
pub fn database_broken(path: &Path) -> String {
    format!(
        "{}\u{a0}: la base ne répond pas comme prévu (disque plein, fichier endommagé ou retiré\u{a0}?). Les sauvegardes de la nuit sont \
         dans le dossier «\u{a0}sauvegardes\u{a0}».",
        path.display()
    )
}

/// A copy was made.
#[must_use]
pub fn backed_up(copy: &Path) -> String {
    format!(
        "✅ Base copiée dans {}. Gardez la clé ailleurs que la copie\u{a0}: sans elle, personne ne peut lire les identités.",
        copy.display()
    )
}

/// An export was written.
#[must_use]
pub fn exported(file: &Path, rows: u64) -> String {
    format!(
        "✅ {}\u{a0}: {}",
        file.display(),
        super::markdown::count(rows, "ligne", "lignes")
    )
}

/// What is said after every export.
#[must_use]
pub fn exported_with_care() -> &'static str {
    "Ces fichiers contiennent des coordonnées et des opinions politiques\u{a0}: gardez-les chiffrés, et effacez-les dès qu’ils ne \
     servent plus."
}

/// The database was made by an earlier version, and is only to be read.
#[must_use]
pub fn older(path: &Path, version: i64, ours: i64) -> String {
    format!(
        "{}\u{a0}: cette base vient d’une version plus ancienne (schéma {version}, le programme attend {ours}). Démarrez le bot une fois, \
         il la mettra à jour.",
        path.display()
    )
}

/// The keys are renewed. `given`: the host's key came from `MAILLAGE_KEY`.
#[must_use]
pub fn rekeyed(key: &Path, kept: Option<&Path>, given: bool) -> String {
    let next = if given {
        format!(
            "La clé de MAILLAGE_KEY n’ouvre plus la base. La nouvelle est dans {}\u{a0}: mettez son contenu dans MAILLAGE_KEY et effacez ce \
             fichier, ou retirez MAILLAGE_KEY et gardez le fichier.",
            key.display()
        )
    } else {
        format!("La nouvelle clé est dans {}.", key.display())
    };
    let kept = kept
        .map(|kept| {
            format!(
                " L’ancienne est gardée dans {}, pour les sauvegardes déjà faites.",
                kept.display()
            )
        })
        .unwrap_or_default();
    format!(
        "✅ Les clés sont changées et les identités chiffrées de nouveau. {next}{kept} Gardez une copie de la nouvelle clé ailleurs, et \
         faites une sauvegarde\u{a0}: les anciennes ne s’ouvrent qu’avec l’ancienne clé."
    )
}

/// The copy would overwrite a file.
#[must_use]
pub fn copy_exists(copy: &Path) -> String {
    format!(
        "{} existe déjà\u{a0}: choisissez un autre nom, rien n’est jamais écrasé.",
        copy.display()
    )
}

/// The copy is not whole.
#[must_use]
pub fn copy_broken(copy: &Path) -> String {
    format!(
        "{}\u{a0}: la copie n’a pas pu être faite en entier\u{a0}; elle a été retirée.",
        copy.display()
    )
}

/// A copy was put back.
#[must_use]
pub fn restored(database: &Path, kept: Option<&Path>) -> String {
    let kept = kept
        .map(|kept| format!(" L’ancienne base est gardée sous le nom {}.", kept.display()))
        .unwrap_or_default();
    format!("✅ La copie a pris la place de {}.{kept}", database.display())
}

/// Groups that a change of zoning has made possible.
#[must_use]
pub fn groups_declared(count: usize) -> String {
    format!(
        "{}. L’équipe nationale et les référents le sauront dès que le bot tournera.",
        super::markdown::count(
            count as u64,
            "groupe est devenu possible",
            "groupes sont devenus possibles"
        )
    )
}

/// `maillage check`: the settings.
#[must_use]
pub fn check_settings(file: Option<&Path>) -> String {
    match file {
        Some(file) => format!("✅ Réglages\u{a0}: {} et l’environnement.", file.display()),
        None => "✅ Réglages\u{a0}: valeurs par défaut et environnement.".to_owned(),
    }
}

/// `maillage check`: the texts and the territories.
#[must_use]
pub fn check_texts(communes_territories: usize) -> String {
    format!(
        "✅ Textes et territoires\u{a0}: {} territoires.",
        number(communes_territories as u64)
    )
}

/// `maillage check`: the database.
#[must_use]
pub fn check_database(path: &Path, version: i64, size: u64) -> String {
    format!(
        "✅ Base\u{a0}: {} (schéma {version}, {} Kio), et sa clé l’ouvre.",
        path.display(),
        number(size.div_ceil(1024))
    )
}

/// `maillage check`: no database yet.
#[must_use]
pub fn check_no_database(path: &Path) -> String {
    format!(
        "✅ Base\u{a0}: {} sera créée au premier démarrage, avec sa clé.",
        path.display()
    )
}

/// `maillage check`: the token.
#[must_use]
pub fn check_token() -> String {
    "✅ Discord\u{a0}: le jeton est accepté.".to_owned()
}

/// `maillage check`: Discord does not answer.
#[must_use]
pub fn check_unreachable() -> String {
    "⚠️ Discord n’a pas répondu\u{a0}: le jeton, le serveur et les intentions n’ont pas été vérifiés.".to_owned()
}

/// `maillage check`: the server.
#[must_use]
pub fn check_server(server: u64) -> String {
    format!("✅ Serveur\u{a0}: {server}.")
}

/// `maillage check`: anyone may invite the bot.
#[must_use]
pub fn check_public() -> String {
    "⚠️ L’application est publique\u{a0}: n’importe qui peut inviter le bot ailleurs. Décochez «\u{a0}Public Bot\u{a0}» dans le portail des \
     développeurs Discord, page «\u{a0}Bot\u{a0}»."
        .to_owned()
}

/// `maillage check`: the privileged intent.
#[must_use]
pub fn check_intents() -> String {
    "⚠️ «\u{a0}Server Members Intent\u{a0}» n’est pas coché\u{a0}: Discord refusera la connexion. Cochez-le dans le portail des développeurs \
     Discord, page «\u{a0}Bot\u{a0}»."
        .to_owned()
}

/// `maillage check`: the invite link.
#[must_use]
pub fn check_invite(link: &str) -> String {
    format!("Lien d’invitation du bot\u{a0}: {link}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_one_line_that_says_what_to_do() {
        let path = Path::new("maillage.db");
        let io = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        for line in [
            token_refused(),
            intents_refused(),
            api_refused(None, Some(403)),
            api_refused(Some("http://127.0.0.1:1"), None),
            api_unusable(Some("http://127.0.0.1:1")),
            api_unusable(None),
            no_server(),
            several_servers(2),
            not_on_server(7),
            other_server(7, 8),
            silent(Duration::from_secs(185)),
            stopped(),
            held(path),
            not_ours(path),
            newer(path, 9, 1),
            file(path, &io),
            key_missing(path),
            key_wrong(None),
            key_malformed(Some(path)),
            database_broken(path),
            copy_exists(path),
            usage(Some("--rien")),
            dotenv(None),
        ] {
            assert!(!line.contains('\n') && !line.contains("  "), "{line}");
            assert!(line.ends_with('.') || line.ends_with("--help"), "{line}");
        }
        assert!(silent(Duration::from_secs(185)).contains("3 min"));
    }
}
