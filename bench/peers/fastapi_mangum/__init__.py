"""The same job in FastAPI, behind Mangum, as a good engineer writes it with what everybody uses.

The job: a commander on the roster reports up to ten milestones of two events, by the JSON API or by the member's form,
each counted exactly once; then the form, the receipt and the progress of an event, with the fields of Muster's answers.
It reads and writes the items of Muster's table as they are, with as many calls: definitions and keys are kept for 30
seconds, and the sums that reports and receipts show for ten.

pydantic models check what comes in and write what goes out, Jinja2 makes pages of the same content, and boto3's own
serializers translate items, as its documentation says. Handlers are coroutines: a Lambda function answers one request
at a time, so a call that blocks holds nobody up, and no thread is needed. The projection is a straight line through the
history, a quarter more or less. What is Muster's alone is left out: languages, tags in names, names that are near to
others, new commanders, undoing, who else reports from a device, and game days that do not begin at midnight in UTC.
"""
