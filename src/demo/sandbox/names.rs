//! Invented people: names by number, mails at `example.org`, phones of the range kept for fiction (06 39 98).

use crate::domain::fold::fold;

const FIRST: [&str; 61] = [
    "Adèle",
    "Agathe",
    "Alban",
    "Alix",
    "Amine",
    "Anaïs",
    "Anouk",
    "Antoine",
    "Armand",
    "Aurore",
    "Aya",
    "Baptiste",
    "Basile",
    "Bérénice",
    "Blanche",
    "Cécile",
    "Célestin",
    "Chloé",
    "Clara",
    "Clémence",
    "Corentin",
    "Damien",
    "Diane",
    "Dora",
    "Élias",
    "Éloïse",
    "Émile",
    "Enzo",
    "Esther",
    "Fabien",
    "Fanny",
    "Félix",
    "Flora",
    "Gabin",
    "Gaëlle",
    "Hugo",
    "Inaya",
    "Irène",
    "Isaac",
    "Jade",
    "Joachim",
    "Jonas",
    "Judith",
    "Karim",
    "Lila",
    "Lison",
    "Louise",
    "Lucien",
    "Maëlle",
    "Malo",
    "Manon",
    "Mathis",
    "Nadège",
    "Naïm",
    "Nora",
    "Octave",
    "Paulin",
    "Rachel",
    "Samir",
    "Théa",
    "Yvon",
];

const LAST: [&str; 73] = [
    "Abadie",
    "Alary",
    "Aubry",
    "Bardet",
    "Barreau",
    "Bazin",
    "Benoist",
    "Berthet",
    "Bouvet",
    "Briand",
    "Cadot",
    "Calvet",
    "Carrère",
    "Castel",
    "Chabert",
    "Chauvin",
    "Clavel",
    "Colas",
    "Cordier",
    "Coste",
    "Cros",
    "Daumas",
    "Delmas",
    "Diallo",
    "Doucet",
    "Drouet",
    "Duclos",
    "Escande",
    "Fabre",
    "Ferrand",
    "Fontan",
    "Foucault",
    "Galibert",
    "Garric",
    "Gaudin",
    "Guibert",
    "Hamon",
    "Jourdan",
    "Kerbrat",
    "Lacaze",
    "Lafon",
    "Lambert",
    "Larrieu",
    "Le Bihan",
    "Lemoine",
    "Maillet",
    "Marchal",
    "Mazet",
    "Mercadier",
    "Michaud",
    "Moulin",
    "Nadal",
    "Navarro",
    "Ollivier",
    "Pagès",
    "Pascal",
    "Pélissier",
    "Petitjean",
    "Pujol",
    "Quéré",
    "Raynal",
    "Rigal",
    "Robin",
    "Rouquette",
    "Sabatier",
    "Salmon",
    "Serrano",
    "Tessier",
    "Thibault",
    "Vasseur",
    "Verdier",
    "Vidal",
    "Ziani",
];

/// Somebody invented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invented {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    number: usize,
}

impl Invented {
    /// The person of that number. Both lists have a prime length, so that no name comes back before 4,453 people.
    pub(super) fn new(number: usize) -> Self {
        Self {
            first: FIRST[number % FIRST.len()],
            last: LAST[number % LAST.len()],
            number,
        }
    }

    /// As the server shows the account.
    pub(super) fn display(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// The unique name of the account.
    pub(super) fn username(&self) -> String {
        format!("{}.{}", fold(self.first), fold(self.last).replace(' ', ""))
    }

    pub(super) fn mail(&self) -> String {
        format!("{}@example.org", self.username())
    }

    /// No number comes back before 10,000 people: 7 and 10,000 have no common divisor.
    pub(super) fn phone(&self) -> String {
        let digits = (1000 + self.number * 7) % 10_000;
        format!("06 39 98 {:02} {:02}", digits / 100, digits % 100)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_bears_the_name_the_mail_or_the_phone_of_another() {
        let people: Vec<Invented> = (0..800).map(Invented::new).collect();
        let mails: BTreeSet<String> = people.iter().map(Invented::mail).collect();
        let phones: BTreeSet<String> = people.iter().map(Invented::phone).collect();
        assert_eq!((mails.len(), phones.len()), (800, 800));
        assert!(mails.iter().all(|mail| mail.is_ascii() && !mail.contains(' ')));
    }
}
