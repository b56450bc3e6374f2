//! How the lines of a scenario are understood; the language itself is told at the head of [`super::script`].

use chrono::{NaiveTime, TimeDelta};

use super::script::{Act, Cast, Kind, Place, SEEN, ScriptFault, Step, Trait};
use crate::domain::calendar::parse_date_time;

const TRAITS: [(&str, Trait); 5] = [
    ("équipe nationale", Trait::National),
    ("gère le serveur", Trait::ManagesServer),
    ("pas encore sur le serveur", Trait::Outside),
    ("règlement pas encore accepté", Trait::Pending),
    ("messages privés fermés", Trait::ClosedDms),
];

/// An item that has not been understood yet.
pub(super) struct Raw {
    pub(super) line: usize,
    pub(super) source: Vec<String>,
    pub(super) expected: Vec<String>,
}

/// Parts the text into items: a line at the margin, the indented lines that go on with it, the transcript below.
pub(super) fn group(text: &str) -> Result<Vec<Raw>, ScriptFault> {
    let mut items: Vec<Raw> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let last = items.last_mut();
        if let Some(seen) = line.strip_prefix(SEEN) {
            let Some(last) = last else {
                return Err(ScriptFault {
                    line: number,
                    why: "rien ne précède cette transcription".to_owned(),
                });
            };
            last.expected.push(seen.strip_prefix(' ').unwrap_or(seen).to_owned());
        } else if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            match last {
                Some(last) if last.expected.is_empty() && !last.source[0].is_empty() => {
                    last.source.push(line.to_owned())
                }
                _ => {
                    return Err(ScriptFault {
                        line: number,
                        why: "cette ligne en retrait ne continue rien".to_owned(),
                    });
                }
            }
        } else {
            items.push(Raw {
                line: number,
                source: vec![line.trim_end().to_owned()],
                expected: Vec::new(),
            });
        }
    }
    Ok(items)
}

/// What an item means, among people who have been introduced.
pub(super) fn read(first: &str, rest: &[String], people: &[String]) -> Result<Kind, String> {
    if first.is_empty() {
        return Ok(Kind::Blank);
    }
    if first == "#" || first.starts_with("# ") {
        return Ok(Kind::Remark);
    }
    if first.starts_with("==") || first.starts_with("> ") {
        return Ok(Kind::Story);
    }
    if let Some(rest) = after(first, "personne ") {
        return cast(rest).map(Kind::Person);
    }
    if let Some(name) = after(first, "fichier ") {
        return Ok(Kind::File {
            name: name.trim().to_owned(),
            content: dedent(rest),
        });
    }
    let known = people
        .iter()
        .filter_map(|name| Some((name, after(first, name)?.strip_prefix(' ')?)));
    // «Jean-Luc» before «Jean».
    if let Some((name, words)) = known.max_by_key(|(name, _)| name.len()) {
        return act(words.trim(), rest).map(|act| Kind::Step(Step::Act(name.clone(), act)));
    }
    if let Some(line) = rest.first() {
        return Err(format!("une suite n’a pas sa place ici : {}", line.trim()));
    }
    world_step(first.trim_end_matches(['.', '?', ' ', '\u{a0}'])).map(Kind::Step)
}

fn world_step(line: &str) -> Result<Step, String> {
    if let Some(typed) = after(line, "nous sommes le ") {
        let date = parse_date_time(typed).map_err(|_| format!("« {typed} » n’est pas une date : 01/03/2027 18:00"))?;
        return Ok(Step::At(date.instant(NaiveTime::MIN)));
    }
    if let Some(span) = after(line, "le temps avance de ") {
        return Ok(Step::Advance(duration(span)?));
    }
    if let Some(channel) = after(line, "qui voit ") {
        return Ok(Step::WhoSees(place(channel)?));
    }
    if let Some(rest) = after(line, "discord retient sa réponse à la ") {
        let number = rest
            .split(['e', 'r'])
            .next()
            .and_then(|n| n.parse().ok())
            .filter(|n| *n > 0);
        let fits = rest.ends_with("création de salon");
        return number
            .filter(|_| fits)
            .map(Step::HoldCreation)
            .ok_or_else(|| "à la 2e création de salon ?".to_owned());
    }
    let fixed = [
        ("le programme s’arrête net", Step::Kill),
        ("le programme redémarre", Step::Restart),
        ("discord tombe en panne", Step::Outage),
        ("discord revient", Step::Back),
    ];
    fixed
        .into_iter()
        .find_map(|(words, step)| (after(line, words) == Some("")).then_some(step))
        .ok_or_else(|| format!("personne ne s’appelle ainsi et rien ne se dit ainsi : {line}"))
}

fn act(words: &str, rest: &[String]) -> Result<Act, String> {
    if let Some(fields) = after(words, "remplit") {
        return all_fields(fields, rest).map(Act::Fill);
    }
    if let Some(fields) = after(words, "valide de même") {
        return all_fields(fields, rest).map(Act::Validate);
    }
    let joined = rest
        .iter()
        .fold(words.to_owned(), |all, line| format!("{all} {}", line.trim()));
    let words = joined.as_str();
    if let Some(command) = after(words, "tape /") {
        return slash(command);
    }
    if let Some(rest) = after(words, "écrit dans ") {
        let (channel, text) = rest.split_once(" : ").ok_or("écrit dans #salon : texte ?")?;
        return Ok(Act::Write(place(channel)?, text.trim().to_owned()));
    }
    if let Some(rest) = after(words, "appuie ") {
        return press(rest);
    }
    if let Some(rest) = after(words, "choisit ") {
        if let Some(name) = rest.trim().strip_prefix('@') {
            return Ok(Act::ChoosePerson(name.to_owned()));
        }
        return quoted_list(rest).map(Act::Choose);
    }
    if let Some(rest) = after(words, "regarde ") {
        return match rest.trim() {
            "ses salons" => Ok(Act::LookAround),
            "ses messages privés" => Ok(Act::LookAtDms),
            channel => place(channel).map(Act::LookAt),
        };
    }
    for (said, given) in [("reçoit le rôle ", true), ("perd le rôle ", false)] {
        if let Some(rest) = after(words, said) {
            let mut names = quoted_list(rest.trim_end_matches('.'))?;
            return Ok(Act::Role(names.remove(0), given));
        }
    }
    let fixed = [
        ("rejoint le serveur", Act::Join),
        ("arrive devant le règlement", Act::JoinPending),
        ("quitte le serveur", Act::Leave),
        ("accepte le règlement", Act::AcceptRules),
        ("ferme ses messages privés", Act::CloseDms(true)),
        ("rouvre ses messages privés", Act::CloseDms(false)),
    ];
    let plain = words.trim_end_matches('.');
    fixed
        .into_iter()
        .find_map(|(said, act)| (after(plain, said) == Some("")).then_some(act))
        .ok_or_else(|| format!("cela ne se fait pas : « {words} »"))
}

fn press(rest: &str) -> Result<Act, String> {
    let (rest, twice) = after(rest, "deux fois ").map_or((rest, false), |rest| (rest, true));
    let named = after(rest, "sur [").and_then(|rest| rest.split_once(']'));
    let (label, tail) = named.ok_or("appuie sur [un bouton] ?")?;
    let under = match tail.trim() {
        "" => None,
        tail => {
            let quoted = after(tail, "sous ").ok_or("appuie sur [un bouton] sous « un texte » ?")?;
            let mut texts = quoted_list(quoted)?;
            (texts.len() == 1).then(|| texts.remove(0))
        }
    };
    Ok(Act::Press {
        label: label.to_owned(),
        twice,
        under,
    })
}

fn slash(command: &str) -> Result<Act, String> {
    let mut line: Vec<String> = Vec::new();
    let mut options: Vec<(String, String)> = Vec::new();
    for word in words(command)? {
        match word.split_once(':') {
            Some((name, value)) => options.push((name.to_owned(), value.to_owned())),
            None if options.is_empty() => line.push(word),
            None => return Err(format!("« {word} » n’est l’option de rien")),
        }
    }
    Ok(Act::Slash(line.join(" "), options))
}

/// Parts a line at its spaces, but not inside "…" or « … », which are taken away.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut begun = false;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '«' => {
                let close = if c == '"' { '"' } else { '»' };
                let (inside, tail) = rest
                    .as_str()
                    .split_once(close)
                    .ok_or_else(|| format!("{close} manque"))?;
                word.push_str(if c == '"' { inside } else { trim(inside) });
                begun = true;
                rest = tail.chars();
            }
            c if c.is_whitespace() => {
                if begun {
                    out.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        out.push(word);
    }
    Ok(out)
}

/// Fields behind the words of an act, and one a line below it.
fn all_fields(line: &str, below: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut all = fields_in_line(line)?;
    for line in below {
        let (name, value) = line
            .split_once(" :")
            .ok_or_else(|| format!("champ : valeur ? {}", line.trim()))?;
        all.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(all)
}

fn fields_in_line(line: &str) -> Result<Vec<(String, String)>, String> {
    let read = |word: String| {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("champ=\"valeur\" ? {word}"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    words(line)?.into_iter().map(read).collect()
}

/// «« Lunel », « Mauguio »» as a list.
fn quoted_list(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut rest = trim(text);
    while let Some((before, tail)) = rest.split_once('«') {
        if !before.trim_matches([' ', ',', '\u{a0}']).is_empty() {
            return Err(format!("« … » attendu avant {before}"));
        }
        let (inside, tail) = tail.split_once('»').ok_or("» manque")?;
        out.push(trim(inside).to_owned());
        rest = tail;
    }
    if out.is_empty() || !trim(rest).is_empty() {
        Err("« un choix » attendu".to_owned())
    } else {
        Ok(out)
    }
}

fn cast(rest: &str) -> Result<Cast, String> {
    let shape = || "personne Prénom (@compte), particularités ?".to_owned();
    let (name, rest) = rest.split_once(" (@").ok_or_else(shape)?;
    let (username, rest) = rest.split_once(')').ok_or_else(shape)?;
    let read = |word: &str| {
        let found = TRAITS.iter().find(|(said, _)| after(word, said) == Some(""));
        found
            .map(|(_, one)| *one)
            .ok_or_else(|| format!("« {word} » ne se dit pas d’une personne"))
    };
    let traits: Result<Vec<Trait>, String> = rest
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(read)
        .collect();
    Ok(Cast {
        name: name.trim().to_owned(),
        username: username.to_owned(),
        traits: traits?,
    })
}

fn place(text: &str) -> Result<Place, String> {
    let name = text
        .trim()
        .strip_prefix('#')
        .ok_or_else(|| format!("« {text} » n’est pas un #salon"))?;
    let (category, name) = name.rsplit_once('/').unwrap_or(("", name));
    Ok(Place {
        category: category.to_owned(),
        name: name.to_owned(),
    })
}

fn duration(text: &str) -> Result<TimeDelta, String> {
    let fault = || format!("« {text} » n’est pas une durée : 2 jours, 3 heures, 10 minutes");
    let (number, unit) = trim(text).split_once([' ', '\u{a0}']).ok_or_else(fault)?;
    let number: i64 = if matches!(number, "un" | "une") {
        1
    } else {
        number.parse().map_err(|_| fault())?
    };
    let span = match unit.trim_end_matches('s') {
        "minute" => TimeDelta::try_minutes(number),
        "heure" => TimeDelta::try_hours(number),
        "jour" => TimeDelta::try_days(number),
        "semaine" => TimeDelta::try_weeks(number),
        _ => None,
    };
    span.filter(|span| *span > TimeDelta::zero()).ok_or_else(fault)
}

/// What follows `head` in `text`, capitals and typography aside.
fn after<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in head.chars() {
        if plain(rest.next()?) != plain(wanted) {
            return None;
        }
    }
    Some(rest.as_str())
}

fn plain(c: char) -> char {
    match c {
        '’' => '\'',
        '\u{a0}' => ' ',
        other => other.to_lowercase().next().unwrap_or(other),
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\u{a0}'])
}

/// Indented lines without the indentation that they share.
fn dedent(lines: &[String]) -> String {
    let indent = |line: &String| line.len() - line.trim_start().len();
    let shared = lines.iter().map(indent).min().unwrap_or(0);
    lines.iter().map(|line| format!("{}\n", &line[shared..])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::script::Scenario;
    use super::*;

    const HEAD: &str = "personne Camille (@camille.d)\npersonne Noé (@noe), équipe nationale, gère le serveur\n";

    fn step(line: &str) -> Step {
        let scenario = Scenario::parse(&format!("{HEAD}{line}")).unwrap();
        match &scenario.items[2].kind {
            Kind::Step(step) => step.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn act(line: &str) -> Act {
        match step(line) {
            Step::Act(who, act) => {
                assert_eq!(who, "Camille");
                act
            }
            other => panic!("{other:?}"),
        }
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn each_act_is_understood() {
        assert_eq!(
            act("Camille tape /relai nommer groupe:\"Les Sables\" membre:@Noé note:« il a dit : oui »"),
            Act::Slash(
                "relai nommer".into(),
                vec![
                    pair("groupe", "Les Sables"),
                    pair("membre", "@Noé"),
                    pair("note", "il a dit : oui")
                ]
            )
        );
        assert_eq!(
            act("Camille tape /mon-groupe"),
            Act::Slash("mon-groupe".into(), Vec::new())
        );
        assert_eq!(
            act("Camille appuie sur [J’accepte la charte]"),
            Act::Press {
                label: "J’accepte la charte".into(),
                twice: false,
                under: None
            }
        );
        assert_eq!(
            act("Camille appuie deux fois sur [Valider] sous « Noé L. »"),
            Act::Press {
                label: "Valider".into(),
                twice: true,
                under: Some("Noé L.".into())
            }
        );
        assert_eq!(
            act("Camille remplit prenom=\"Noé\" code_postal=34400\n    telephone : 06 39 98 12 34"),
            Act::Fill(vec![
                pair("prenom", "Noé"),
                pair("code_postal", "34400"),
                pair("telephone", "06 39 98 12 34")
            ])
        );
        assert_eq!(
            act("Camille valide de même nom=Petit"),
            Act::Validate(vec![pair("nom", "Petit")])
        );
        assert_eq!(act("Camille remplit"), Act::Fill(Vec::new()));
        assert_eq!(
            act("Camille choisit « Lunel », « Mauguio »"),
            Act::Choose(vec!["Lunel".into(), "Mauguio".into()])
        );
        assert_eq!(act("Camille choisit @Noé"), Act::ChoosePerson("Noé".into()));
        let registre = |category: &str| Place {
            category: category.into(),
            name: "registre".into(),
        };
        assert_eq!(act("Camille regarde #Lunel/registre"), Act::LookAt(registre("Lunel")));
        assert_eq!(act("Camille regarde ses salons"), Act::LookAround);
        assert_eq!(
            act("Camille écrit dans #registre : Bonjour : oui"),
            Act::Write(registre(""), "Bonjour : oui".into())
        );
        assert_eq!(act("Camille quitte le serveur."), Act::Leave);
        assert_eq!(
            act("Camille perd le rôle « MCP national »"),
            Act::Role("MCP national".into(), false)
        );
        assert_eq!(act("Camille rouvre ses messages privés"), Act::CloseDms(false));
    }

    #[test]
    fn the_world_has_its_steps() {
        assert_eq!(step("Le temps avance de 2 jours."), Step::Advance(TimeDelta::days(2)));
        assert_eq!(
            step("Le temps avance d’une heure".replace("d’une", "de une").as_str()),
            Step::Advance(TimeDelta::hours(1))
        );
        let instant = "2027-03-01T17:00:00Z".parse().unwrap();
        assert_eq!(step("Nous sommes le 01/03/2027 18:00"), Step::At(instant));
        assert_eq!(
            step("Discord retient sa réponse à la 2e création de salon"),
            Step::HoldCreation(2)
        );
        assert_eq!(step("Le programme s'arrête net"), Step::Kill);
        assert_eq!(
            step("Qui voit #registre ?"),
            Step::WhoSees(Place {
                category: String::new(),
                name: "registre".into()
            })
        );
    }

    #[test]
    fn cast_files_and_transcripts_are_read_and_written_back_as_they_were() {
        let text = format!(
            "# Remarque\n\n== Titre ==\n{HEAD}fichier a.csv\n    prenom;nom\n      x;y\nCamille remplit\n│ À Camille seulement :\n│\n│   oui\n"
        );
        let scenario = Scenario::parse(&text).unwrap();
        assert_eq!(scenario.file("a.csv"), Some("prenom;nom\n  x;y\n"));
        let noe = scenario.people().nth(1).unwrap();
        assert_eq!(
            (noe.username.as_str(), noe.traits.as_slice()),
            ("noe", &[Trait::National, Trait::ManagesServer][..])
        );
        let last = scenario.items.last().unwrap();
        assert_eq!(last.expected, ["À Camille seulement :", "", "  oui"]);
        let blocks: Vec<Vec<String>> = scenario.items.iter().map(|item| item.expected.clone()).collect();
        assert_eq!(scenario.with_transcript(&blocks), text);
    }

    #[test]
    fn what_is_not_understood_names_its_line() {
        for (line, why) in [
            ("Sam tape /aide", "personne ne s’appelle ainsi"),
            ("Camille danse", "cela ne se fait pas"),
            ("Camille tape /valider membre:@Noé encore", "n’est l’option de rien"),
            ("Camille appuie sur Confirmer", "un bouton"),
            ("Le temps avance de trois jours", "durée"),
            ("    en retrait", "ne s’appelle"),
        ] {
            let text = format!(
                "{HEAD}{}",
                if line.starts_with(' ') {
                    "Qui voit ça\n    x"
                } else {
                    line
                }
            );
            let fault = Scenario::parse(&text).unwrap_err();
            assert_eq!(fault.line, 3, "{line}");
            assert!(!why.is_empty() && !fault.why.is_empty());
            if !line.starts_with(' ') {
                assert!(fault.why.contains(why), "{}", fault.why);
            }
        }
    }
}
