"""The clinical cases of the demo: what the doctor writes, what the meeting reads, what it proposes.

Plausible, short and fictitious; no dose, no score to copy. ``{exam}`` words are the codes of milestones' details.
"""

from __future__ import annotations

from dataclasses import dataclass

EUS, PERCUTANEOUS = "echo_endoscopie", "biopsie_percutanee"
PRESENTERS = {"surgery": "surgeon", "chemotherapy": "oncologist", "immunotherapy": "oncologist"}


@dataclass(frozen=True)
class Profile:
    """One kind of case. ``weights`` are how often it comes by Instadiag and by FAST; ``sample`` the exam that takes
    one, "" when the diagnosis needs none; without ``proposal`` the cancer is ruled out before any meeting."""

    key: str
    weights: tuple[int, int]
    reason: str
    history: str
    upstream: tuple[str, ...]
    exams_done: str
    site: str
    signs: tuple[str, ...] = ()
    sample: str = ""
    endoscopy: bool = False
    histology: str = ""
    stage: str = ""
    question: str = ""
    summary: str = ""
    imaging: str = ""
    proposal: str = ""
    modality: str = ""
    treatment: str = ""
    alternatives: str = ""
    diagnosis: str = ""
    found: str = ""
    transferred_to: str = ""

    @property
    def benign(self) -> bool:
        return not self.proposal


PROFILES = (
    Profile(
        "head_resectable", (14, 12),
        "Ictère nu depuis une dizaine de jours, prurit, amaigrissement de 5 kg. L’échographie montre une dilatation "
        "des voies biliaires et du canal de Wirsung, avec une masse de la tête du pancréas.",
        "Hypertension artérielle traitée. Tabagisme sevré. Pas d’antécédent chirurgical abdominal.",
        ("biology", "ultrasound"), "Bilirubine élevée, cytolyse et cholestase ; échographie faite en ville.",
        "Tête du pancréas", ("jaundice", "weight"), endoscopy=True,
        histology="Pas de preuve : tumeur résécable d’emblée", stage="Résécable d’emblée",
        question="Tumeur de la tête du pancréas sans contact vasculaire : chirurgie d’emblée ?",
        summary="Masse de 26 mm de la tête du pancréas, sans contact avec l’artère mésentérique ni avec la veine "
        "porte. Pas de lésion à distance.",
        imaging="Scanner pancréatique, temps artériel et portal ; écho-endoscopie",
        proposal="Duodéno-pancréatectomie céphalique. Consultations de chirurgie et d’anesthésie, préhabilitation et "
        "bilan nutritionnel avant l’intervention.",
        modality="surgery", treatment="Opération de la tête du pancréas",
        alternatives="Chimiothérapie première discutée et non retenue : pas de contact vasculaire.",
        diagnosis="Adénocarcinome probable de la tête du pancréas",
    ),
    Profile(
        "borderline", (10, 10),
        "Douleurs épigastriques transfixiantes depuis deux mois et perte de 8 kg. Le scanner décrit une masse "
        "corporéale du pancréas au contact du tronc cœliaque.",
        "Diabète récemment déséquilibré. Allergie à la pénicilline.",
        ("biology", "ct"), "Scanner abdominal injecté en ville, CD remis au patient.",
        "Corps du pancréas", ("pain", "weight"), sample=EUS,
        histology="Adénocarcinome canalaire (ponction sous écho-endoscopie)",
        stage="Localement avancé, à la limite de la résécabilité",
        question="Adénocarcinome du pancréas au contact du tronc cœliaque : traitement d’induction ?",
        summary="Contact artériel de moins de 180 degrés. Pas de métastase. État général conservé.",
        imaging="Scanner thoraco-abdomino-pelvien, IRM hépatique",
        proposal="Chimiothérapie d’induction puis réévaluation en RCP après quatre cures. Pose d’une chambre "
        "implantable. Avis diététique.",
        modality="chemotherapy", treatment="Chimiothérapie avant une éventuelle opération",
        alternatives="Essai clinique proposé : le patient souhaite y réfléchir.",
        diagnosis="Adénocarcinome du corps du pancréas localement avancé",
    ),
    Profile(
        "metastatic", (8, 8),
        "Altération de l’état général, anorexie, douleurs de l’hypocondre droit. Foie multinodulaire à l’échographie "
        "et masse de la queue du pancréas.",
        "Bronchopneumopathie obstructive. Syndrome anxieux.",
        ("biology", "ultrasound", "ct"), "Échographie puis scanner en ville.",
        "Queue du pancréas", ("pain", "weight"), sample=PERCUTANEOUS,
        histology="Métastase hépatique d’un adénocarcinome pancréatique", stage="Métastatique (foie)",
        question="Adénocarcinome du pancréas métastatique : chimiothérapie ou soins de support exclusifs ?",
        summary="Localisations hépatiques multiples dans les deux lobes. Douleur contrôlée par paliers 2.",
        imaging="Scanner thoraco-abdomino-pelvien",
        proposal="Chimiothérapie palliative si l’état général le permet, avec rencontre précoce de l’équipe mobile de "
        "soins palliatifs. Réévaluation clinique sous quinze jours.",
        modality="chemotherapy", treatment="Chimiothérapie",
        alternatives="Soins de support exclusifs : à rediscuter avec le patient et ses proches.",
        diagnosis="Adénocarcinome du pancréas métastatique",
    ),
    Profile(
        "hcc_early", (16, 0),
        "Cirrhose suivie, nodule hépatique de 24 mm apparu à l’échographie semestrielle de dépistage.",
        "Cirrhose métabolique compensée, diabète de type 2, obésité.",
        ("biology", "ultrasound"), "Alpha-fœtoprotéine dosée ; échographie de dépistage.",
        "Foie, segment VI", histology="Pas de preuve nécessaire : critères d’imagerie sur cirrhose",
        stage="BCLC A, Child-Pugh A",
        question="Carcinome hépatocellulaire unique sur cirrhose compensée : destruction percutanée ou résection ?",
        summary="Nodule unique de 24 mm, rehaussement artériel et lavage typiques. Pas de thrombose portale.",
        imaging="IRM hépatique, scanner",
        proposal="Thermo-ablation percutanée du nodule du segment VI, puis contrôle par IRM à un mois. Poursuite du "
        "suivi hépatologique.",
        modality="interventional", treatment="Destruction du nodule par la chaleur, à travers la peau",
        alternatives="Résection limitée possible ; préférence du patient pour le geste percutané.",
        diagnosis="Carcinome hépatocellulaire unique sur cirrhose",
    ),
    Profile(
        "hcc_advanced", (9, 0),
        "Douleur de l’hypocondre droit et ascite récente chez un patient cirrhotique ; masse hépatique avec extension "
        "portale au scanner.",
        "Cirrhose liée à l’alcool, sevrage depuis deux ans. Varices œsophagiennes ligaturées.",
        ("biology", "ct"), "Scanner hépatique en ville.",
        "Foie droit", ("pain",), sample=PERCUTANEOUS, histology="Carcinome hépatocellulaire moyennement différencié",
        stage="BCLC C, envahissement portal",
        question="Carcinome hépatocellulaire avec envahissement portal : traitement systémique possible ?",
        summary="Lésion de 8 cm du foie droit avec thrombose tumorale de la branche portale droite. Child-Pugh B7.",
        imaging="Scanner multiphasique, IRM",
        proposal="Immunothérapie après bilan endoscopique des varices. Réévaluation scanographique à trois mois.",
        modality="immunotherapy", treatment="Immunothérapie par perfusions",
        alternatives="Soins de support exclusifs en cas d’aggravation de la fonction hépatique.",
        diagnosis="Carcinome hépatocellulaire avec envahissement portal",
    ),
    Profile(
        "intrahepatic", (9, 3),
        "Masse hépatique découverte au cours d’un bilan de fatigue, sans hépatopathie connue.",
        "Hypothyroïdie substituée.",
        ("biology", "ct"), "Scanner en ville : lésion hépatique gauche de 6 cm à rehaussement progressif.",
        "Foie gauche", sample=PERCUTANEOUS, histology="Cholangiocarcinome intra-hépatique", stage="Tumeur unique, N0",
        question="Cholangiocarcinome intra-hépatique gauche : hépatectomie d’emblée ?",
        summary="Lésion unique du foie gauche, voies biliaires droites libres. Volume du futur foie restant suffisant.",
        imaging="Scanner, IRM hépatique, TEP",
        proposal="Hépatectomie gauche avec curage ganglionnaire, puis chimiothérapie adjuvante à discuter sur pièce. "
        "Recherche d’altérations moléculaires.",
        modality="surgery", treatment="Opération du foie",
        alternatives="Chimiothérapie première si atteinte ganglionnaire à la réévaluation.",
        diagnosis="Cholangiocarcinome intra-hépatique",
    ),
    Profile(
        "perihilar", (0, 16),
        "Ictère d’aggravation progressive, prurit intense, fièvre à 38,5 °C hier soir. Dilatation des voies biliaires "
        "intra-hépatiques sans dilatation de la voie principale.",
        "Cholécystectomie ancienne.",
        ("biology", "ultrasound", "mri"), "Bili-IRM en ville : sténose du hile.",
        "Hile hépatique", ("jaundice", "fever"), sample=EUS, histology="Cytologie par brossage : cellules suspectes",
        stage="Sténose du hile, type IIIa",
        question="Cholangiocarcinome du hile : drainage, puis chirurgie ou traitement systémique ?",
        summary="Sténose hilaire étendue à droite. Drainage endoscopique du foie gauche efficace.",
        imaging="Bili-IRM, scanner",
        proposal="Contrôle de l’infection et fin du drainage, puis chimio-immunothérapie. Réévaluation de la "
        "résécabilité à trois mois.",
        modality="chemotherapy", treatment="Chimiothérapie associée à une immunothérapie",
        alternatives="Avis demandé au centre de greffe : pas d’indication retenue.",
        diagnosis="Cholangiocarcinome du hile",
    ),
    Profile(
        "distal", (0, 12),
        "Ictère et prurit, sans douleur. Voie biliaire principale dilatée jusqu’à son tiers inférieur.",
        "Hypertension artérielle, fibrillation atriale anticoagulée.",
        ("biology", "ultrasound", "ct"), "Scanner en ville sans masse pancréatique nette.",
        "Voie biliaire principale, tiers inférieur", ("jaundice",), sample=EUS,
        histology="Adénocarcinome de la voie biliaire (biopsie)", stage="Résécable",
        question="Cholangiocarcinome distal résécable chez un patient anticoagulé : chirurgie ?",
        summary="Sténose courte du bas cholédoque, pas d’atteinte vasculaire. Relais de l’anticoagulation à organiser.",
        imaging="Scanner, bili-IRM, écho-endoscopie",
        proposal="Duodéno-pancréatectomie céphalique après évaluation cardiologique et relais de l’anticoagulation.",
        modality="surgery", treatment="Opération des voies biliaires et de la tête du pancréas",
        alternatives="Drainage et soins de support si l’évaluation cardiologique contre-indique l’intervention.",
        diagnosis="Cholangiocarcinome distal",
    ),
    Profile(
        "neuroendocrine", (7, 5),
        "Lésion hypervasculaire de 18 mm du pancréas découverte fortuitement au scanner, patient sans symptôme.",
        "Lithiase rénale.",
        ("ct",), "Scanner en ville pour colique néphrétique.",
        "Queue du pancréas", sample=EUS, histology="Tumeur neuroendocrine bien différenciée, grade 1",
        stage="Localisée, 18 mm",
        question="Tumeur neuroendocrine de 18 mm : surveillance ou pancréatectomie gauche ?",
        summary="Lésion unique de la queue du pancréas, sans sécrétion. Grade 1.",
        imaging="Scanner, IRM, écho-endoscopie",
        proposal="Surveillance par IRM à six mois ; chirurgie en cas de progression.",
        modality="surveillance", treatment="Surveillance régulière",
        alternatives="Pancréatectomie gauche expliquée au patient, qui préfère la surveillance.",
        diagnosis="Tumeur neuroendocrine du pancréas, grade 1",
    ),
    Profile(
        "liver_metastases", (7, 4),
        "Lésions hépatiques multiples à l’échographie demandée pour douleurs abdominales et anémie ferriprive.",
        "Aucun suivi médical depuis plusieurs années.",
        ("biology", "ultrasound"), "Anémie ferriprive ; échographie en ville.",
        "Foie (métastases)", ("weight",), sample=PERCUTANEOUS, histology="Métastase d’un adénocarcinome colique",
        stage="Métastatique",
        question="Métastases hépatiques d’origine colique : orientation et premier traitement ?",
        summary="Primitif colique droit probable au scanner. Coloscopie à organiser.",
        imaging="Scanner thoraco-abdomino-pelvien",
        proposal="Prise en charge par l’équipe d’oncologie colorectale : coloscopie, puis chimiothérapie.",
        modality="chemotherapy", treatment="Chimiothérapie, par une autre équipe",
        diagnosis="Métastases hépatiques d’un cancer colique",
        transferred_to="Équipe d’oncologie colorectale du centre",
    ),
    Profile(
        "ipmn", (11, 8),
        "Kyste du pancréas de 22 mm découvert par hasard ; le patient est inquiet.",
        "Hypercholestérolémie.",
        ("ct",), "Scanner en ville.",
        "Pancréas", endoscopy=True,
        found="Lésion kystique des canaux secondaires, sans signe inquiétant : surveillance simple en ville.",
    ),
    Profile(
        "haemangioma", (9, 0),
        "Nodule hépatique de 35 mm découvert à l’échographie, femme jeune sans hépatopathie.",
        "Sans particularité.",
        ("ultrasound",), "Échographie en ville.",
        "Foie",
        found="Hémangiome typique à l’IRM : aucune surveillance nécessaire.",
    ),
    Profile(
        "pancreatitis", (4, 7),
        "Masse de la tête du pancréas et ictère fluctuant, antécédent de maladie auto-immune.",
        "Thyroïdite auto-immune.",
        ("biology", "ct"), "Scanner en ville ; IgG4 demandées.",
        "Tête du pancréas", ("jaundice",), sample=EUS,
        histology="Pas de cellule tumorale ; infiltrat lymphoplasmocytaire",
        found="Pancréatite auto-immune : corticothérapie par le gastro-entérologue, pas de cancer.",
    ),
    Profile(
        "stone", (0, 9),
        "Ictère douloureux, voie biliaire principale dilatée, doute entre un obstacle lithiasique et tumoral.",
        "Lithiase vésiculaire connue.",
        ("biology", "ultrasound"), "Échographie en ville.",
        "Voie biliaire principale", ("jaundice", "pain"), endoscopy=True,
        found="Calcul de la voie biliaire principale, extrait par endoscopie.",
    ),
)  # fmt: skip
BY_KEY = {profile.key: profile for profile in PROFILES}

REFUSALS = (
    "Kyste biliaire simple décrit comme typique à l’échographie : aucune exploration complémentaire n’est nécessaire.",
    "Angiome déjà caractérisé par l’IRM jointe : pas d’indication à un parcours rapide.",
    "Le patient est déjà suivi dans un autre centre pour cette lésion, avec un rendez-vous dans la semaine.",
    "Élévation isolée de la gamma-GT sans lésion à l’imagerie : un avis de gastro-entérologie en ville suffit.",
)
REDIRECTIONS = (
    ("Consultation de gastro-entérologie du Centre hospitalier de Valombre",
     "Anomalie du bilan hépatique sans lésion : une consultation spécialisée sous quinze jours est plus adaptée."),
    ("Urgences du Centre hospitalier de Valombre",
     "Angiocholite probable : le patient doit être vu aujourd’hui aux urgences, qui sont prévenues."),
    ("Parcours digestif de l’Hôpital privé de Belmarais-les-Bains-Fictifs",
     "Le patient habite à proximité et souhaite y être suivi ; l’équipe est prévenue."),
    ("Service d’oncologie colorectale", "Lésion colique prouvée : ce parcours-là est le bon, et il est prévenu."),
)  # fmt: skip
ASKED = (
    (("imaging_report",), "Pouvez-vous joindre le compte rendu du scanner ?"),
    (("biology", "imaging_report"), "Il nous manque la biologie et le compte rendu d’imagerie."),
    (("patient_phone",), ""),
    (("history", "first_symptoms"), "Merci de préciser les traitements en cours, surtout les anticoagulants."),
)  # fmt: skip
TASKS = (
    "Réserver un transport assis pour le jour 1", "Demander les images du scanner fait en ville",
    "Vérifier le traitement anticoagulant avec le médecin traitant", "Organiser la consultation d’anesthésie",
    "Envoyer le livret d’accueil au domicile", "Prévoir un interprète pour la consultation d’annonce",
    "Rappeler l’assistante sociale pour le logement", "Transmettre le compte rendu au chirurgien",
)  # fmt: skip
