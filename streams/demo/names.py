"""Invented names and addresses: first and family names that occur in England, streets that do not."""

from typing import Final

GIVEN: Final = (
    "Ada", "Aisha", "Alan", "Amara", "Anil", "Beth", "Bronwen", "Carlos", "Chidi", "Chloe", "Daniel", "Deepa",
    "Dylan", "Edith", "Elif", "Emeka", "Farah", "Finn", "Grace", "Gwen", "Hamza", "Hannah", "Idris", "Imani",
    "Isla", "Ivan", "Jade", "Jamal", "Kateryna", "Kofi", "Leila", "Liam", "Lin", "Maeve", "Marek", "Mei", "Nadia",
    "Niamh", "Noah", "Olga", "Omar", "Owen", "Pauline", "Priya", "Quentin", "Rhys", "Rosa", "Ruth", "Samir",
    "Sian", "Simone", "Tariq", "Thandi", "Tomasz", "Una", "Victor", "Wei", "Xanthe", "Yusuf", "Zoë",
)  # fmt: skip
FAMILY: Final = (
    "Abara", "Achterberg", "Ashdown", "Bakshi", "Barrowclough", "Bello", "Birtwistle", "Calloway", "Chaudhry",
    "Cartwright", "Dalgleish", "Demir", "Drinkwater", "Eastwood", "Ekwueme", "Fairclough", "Farrukh", "Galloway",
    "Gunawardena", "Hargreaves", "Hollingsworth", "Ibrahim", "Ingham", "Jankowski", "Jephson", "Kaur", "Kettlewell",
    "Llewellyn", "Lockwood", "Mbeki", "Micklethwaite", "Nakamura", "Ng", "O'Brien", "Oduya", "Ormerod", "Papadakis",
    "Pettigrew", "Quarmby", "Ramsbottom", "Rosenthal", "Sandhu", "Shackleton", "Tennant", "Thistlethwaite",
    "Underhill", "Varley", "Vasquez", "Whitworth", "Wrigglesworth", "Yamada", "Yeadon", "Zielinski",
)  # fmt: skip
STREETS: Final = (
    "Example Street", "Specimen Road", "Sample Lane", "Test Terrace", "Placeholder Row", "Nowhere Avenue",
)  # fmt: skip
