"""What the survey's page says, by language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """`ratings` from the worst to the best."""

    question: str
    with_agent: str
    ratings: tuple[str, str, str, str, str]
    feedback: str
    send: str
    change: str
    thanks: str
    choose: str
    too_long: str
    locked: str
    missing: str
    missing_why: str


ENGLISH = Words(
    "How did we do?",
    "You talked with {}.",
    ("Very bad", "Bad", "Okay", "Good", "Very good"),
    "Would you like to tell us more? (optional)",
    "Send",
    "Change your answer",
    "Thank you. Your answer has arrived.",
    "Please choose a rating.",
    "Please write at most {} characters.",
    "This survey is over: it could be answered for 14 days.",
    "There is no such survey",
    "The address may be incomplete, or the survey was removed.",
)
_WORDS = {
    "en": ENGLISH,
    "de": Words(
        "Wie zufrieden sind Sie?",
        "Sie haben mit {} geschrieben.",
        ("Sehr schlecht", "Schlecht", "Mittel", "Gut", "Sehr gut"),
        "Möchten Sie uns mehr dazu sagen? (freiwillig)",
        "Absenden",
        "Antwort ändern",
        "Danke! Ihre Antwort ist angekommen.",
        "Bitte wählen Sie eine Bewertung.",
        "Bitte schreiben Sie höchstens {} Zeichen.",
        "Diese Umfrage ist beendet: Sie war 14 Tage lang offen.",
        "Diese Umfrage gibt es nicht",
        "Vielleicht ist die Adresse unvollständig, oder die Umfrage wurde entfernt.",
    ),
    "es": Words(
        "¿Qué tal le hemos atendido?",
        "Ha hablado con {}.",
        ("Muy mal", "Mal", "Regular", "Bien", "Muy bien"),
        "¿Quiere contarnos algo más? (opcional)",
        "Enviar",
        "Cambiar la respuesta",
        "Gracias. Hemos recibido su respuesta.",
        "Elija una valoración.",
        "Escriba como máximo {} caracteres.",
        "Esta encuesta ha terminado: estuvo abierta 14 días.",
        "Esta encuesta no existe",
        "Puede que la dirección esté incompleta o que la encuesta se haya eliminado.",
    ),
    "fr": Words(
        "Êtes-vous satisfait de nos échanges ?",
        "Vous avez échangé avec {}.",
        ("Très mauvais", "Mauvais", "Moyen", "Bon", "Très bon"),
        "Souhaitez-vous nous en dire plus ? (facultatif)",
        "Envoyer",
        "Modifier la réponse",
        "Merci. Votre réponse est bien arrivée.",
        "Veuillez choisir une note.",
        "Veuillez écrire au plus {} caractères.",
        "Cette enquête est terminée : elle était ouverte 14 jours.",
        "Cette enquête n’existe pas",
        "L’adresse est peut-être incomplète, ou l’enquête a été supprimée.",
    ),
    "it": Words(
        "Come è andata?",
        "Ha parlato con {}.",
        ("Molto male", "Male", "Così così", "Bene", "Molto bene"),
        "Vuole dirci di più? (facoltativo)",
        "Invia",
        "Cambia la risposta",
        "Grazie. La sua risposta è arrivata.",
        "Scelga una valutazione.",
        "Scriva al massimo {} caratteri.",
        "Questo sondaggio è chiuso: è rimasto aperto 14 giorni.",
        "Questo sondaggio non esiste",
        "Forse l’indirizzo è incompleto o il sondaggio è stato rimosso.",
    ),
    "nl": Words(
        "Hoe hebben we het gedaan?",
        "U sprak met {}.",
        ("Heel slecht", "Slecht", "Matig", "Goed", "Heel goed"),
        "Wilt u er meer over vertellen? (optioneel)",
        "Versturen",
        "Antwoord wijzigen",
        "Bedankt. Uw antwoord is aangekomen.",
        "Kies een beoordeling.",
        "Schrijf hoogstens {} tekens.",
        "Deze enquête is gesloten: ze stond 14 dagen open.",
        "Deze enquête bestaat niet",
        "Misschien is het adres onvolledig of is de enquête verwijderd.",
    ),
    "pt": Words(
        "Como foi o nosso atendimento?",
        "A conversa foi com {}.",
        ("Muito ruim", "Ruim", "Regular", "Bom", "Muito bom"),
        "Quer contar mais? (opcional)",
        "Enviar",
        "Alterar a resposta",
        "Obrigado. A sua resposta foi recebida.",
        "Escolha uma avaliação.",
        "Escreva no máximo {} caracteres.",
        "Esta pesquisa terminou: ficou aberta por 14 dias.",
        "Esta pesquisa não existe",
        "O endereço pode estar incompleto, ou a pesquisa foi removida.",
    ),
}


def of(language: object) -> tuple[str, Words]:
    """The words of a language such as `de` or `pt_BR`, and which language they are: English, where there are none."""
    code = str(language).lower().replace("-", "_").partition("_")[0]
    return (code, _WORDS[code]) if code in _WORDS else ("en", ENGLISH)
