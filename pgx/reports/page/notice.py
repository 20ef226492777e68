"""What every report says about itself."""

NOTICE = (
    "For research and education. This is not a medical device, and nobody has checked this result against the person. "
    "Do not start, stop or change a medicine because of it without a physician or pharmacist."
)
