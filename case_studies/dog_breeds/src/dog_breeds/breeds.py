"""What is known of the breeds beside the pictures: their group, and whether ImageNet names them.

Groups are those of the Fédération Cynologique Internationale (its breeds nomenclature, fci.be):
breeds of one group were bred for one kind of work, and a mistake within a group is a smaller one.
The FCI recognises neither the American Bulldog nor the American Pit Bull Terrier.
`IMAGENET` holds number and name under which a breed is one of the 1,000 classes of ImageNet (ILSVRC
2012), which the backbones were trained on. That its class "Egyptian cat" shows the Egyptian Mau is
our reading.
"""

FCI_GROUPS = {
    2: "2 pinscher, schnauzer, molossoid",
    3: "3 terriers",
    5: "5 spitz and primitive types",
    6: "6 scent hounds",
    7: "7 pointing dogs",
    8: "8 retrievers, flushing and water dogs",
    9: "9 companion and toy dogs",
}
NOT_FCI, CATS = "not recognised by the FCI", "cats"

FCI = {  # breed: FCI group, 0 where the FCI does not recognise it
    "american_bulldog": 0,
    "american_pit_bull_terrier": 0,
    "basset_hound": 6,
    "beagle": 6,
    "boxer": 2,
    "chihuahua": 9,
    "english_cocker_spaniel": 8,
    "english_setter": 7,
    "german_shorthaired": 7,
    "great_pyrenees": 2,
    "havanese": 9,
    "japanese_chin": 9,
    "keeshond": 5,
    "leonberger": 2,
    "miniature_pinscher": 2,
    "newfoundland": 2,
    "pomeranian": 5,
    "pug": 9,
    "saint_bernard": 2,
    "samoyed": 5,
    "scottish_terrier": 3,
    "shiba_inu": 5,
    "staffordshire_bull_terrier": 3,
    "wheaten_terrier": 3,
    "yorkshire_terrier": 3,
}
CAT_BREEDS = (
    "Abyssinian",
    "Bengal",
    "Birman",
    "Bombay",
    "British_Shorthair",
    "Egyptian_Mau",
    "Maine_Coon",
    "Persian",
    "Ragdoll",
    "Russian_Blue",
    "Siamese",
    "Sphynx",
)
IMAGENET = {  # breed: (number of the class, one of its names)
    "american_pit_bull_terrier": (180, "American pit bull terrier"),
    "basset_hound": (161, "basset hound"),
    "beagle": (162, "beagle"),
    "boxer": (242, "boxer"),
    "chihuahua": (151, "Chihuahua"),
    "english_cocker_spaniel": (219, "English cocker spaniel"),
    "english_setter": (212, "English setter"),
    "german_shorthaired": (210, "German short-haired pointer"),
    "great_pyrenees": (257, "Great Pyrenees"),
    "japanese_chin": (152, "Japanese spaniel"),
    "keeshond": (261, "keeshond"),
    "leonberger": (255, "Leonberg"),
    "miniature_pinscher": (237, "miniature pinscher"),
    "newfoundland": (256, "Newfoundland"),
    "pomeranian": (259, "Pomeranian"),
    "pug": (254, "pug"),
    "saint_bernard": (247, "Saint Bernard"),
    "samoyed": (258, "Samoyed"),
    "scottish_terrier": (199, "Scottish terrier"),
    "staffordshire_bull_terrier": (179, "Staffordshire bull terrier"),
    "wheaten_terrier": (202, "soft-coated wheaten terrier"),
    "yorkshire_terrier": (187, "Yorkshire terrier"),
    "Egyptian_Mau": (285, "Egyptian cat"),
    "Persian": (283, "Persian cat"),
    "Siamese": (284, "Siamese cat"),
}


def group(breed: str) -> str:
    """Return the FCI group of a dog breed in words, or that it is a cat."""
    if breed in CAT_BREEDS:
        return CATS
    return FCI_GROUPS.get(FCI[breed], NOT_FCI)


def in_imagenet(breed: str) -> str:
    """Return whether a breed is a class of ImageNet-1k, in words."""
    return "ImageNet class" if breed in IMAGENET else "no ImageNet class"
