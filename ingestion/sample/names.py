"""Invented names of people and companies; domains end in .example (RFC 2606)."""

from __future__ import annotations

FIRST = (  # noqa: SIM905
    "Anna Ben Clara David Elif Finn Greta Hannes Ida Jakob Katja Leon Mia Noah Olga Paul "
    "Rosa Stefan Tara Uwe Vera Wanda Yusuf Zoe Alice Brian Charlotte Duncan Emma Fergus "
    "Georgia Harry Isla James Kate Liam Megan Niall Olivia Peter Rachel Simon Tessa Victor "
    "Ashley Brandon Carmen Derek Evelyn Frank Gloria Hector Irene Jamal Keisha Luis Monica "
    "Nathan Patricia Ramon Sandra Trevor Vanessa Walter"
).split()
LAST = (  # noqa: SIM905
    "Albrecht Bauer Conrad Dietrich Engel Fischer Graf Hoffmann Issing Jansen Keller Lorenz "
    "Maier Neumann Otto Pohl Richter Schuster Thiele Ulrich Vogt Wagner Yilmaz Ziegler Adams "
    "Barker Clarke Dawson Elliott Foster Grant Harding Ingram Jarvis Knight Lowe Marsh Norton "
    "Osborne Palmer Quinn Reid Sutton Turner Underwood Vaughan Walsh Young Alvarez Brooks "
    "Carter Diaz Ellis Flores Greene Hayes Jordan Lopez Mitchell Nguyen Ortiz Perez Ramirez "
    "Sanders Torres Vargas Washington Zimmerman"
).split()
FIRMS = (  # noqa: SIM905
    "Alster Birke Calder Domar Elmen Falk Gneis Halden Ilmen Jura Karst Lenne Mersey Nahe "
    "Ostrel Prisma Quarz Rhenus Severn Taunus Ulmen Varda Weser Xenon Ystad Zenit Arden Brent "
    "Clyde Dorset Exmoor Forth Grafton Hudson Isar Juno Kelvin Lyon Mohawk Newton Ohm Pascal"
).split()
TRADES = (  # noqa: SIM905
    "Pumps Optics Foods Chemie Automation Robotics Motors Pharma Metals Plastics Energy "
    "Instruments Textiles Aerospace Packaging Water Paper Ceramics Controls Labs"
).split()
INDUSTRIES = (
    "MACHINERY",
    "FOOD_PRODUCTION",
    "CHEMICALS",
    "INDUSTRIAL_AUTOMATION",
    "AUTOMOTIVE",
    "PHARMACEUTICALS",
    "MINING_METALS",
    "PLASTICS",
    "RENEWABLES_ENVIRONMENT",
    "AVIATION_AEROSPACE",
)
