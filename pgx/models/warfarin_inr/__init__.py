"""Warfarin over time: doses and INRs of a person, the INR to come, and the dose to take."""
