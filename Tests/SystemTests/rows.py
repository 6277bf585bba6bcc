"""A row of the catalogue, and what must hold after every one.

Servers, upstreams and clients enter themselves here, so that what a row leaves behind is found and
closed without its doing.
"""

running = []    # every Penstock that is up, oldest first
upstreams = []  # every Upstream that is up
clients = []    # every Connection opened since the row began
current_row = ""


def begin_row(name):
    global current_row
    current_row = name
    for penstock in list(running):
        penstock.begin_row()
    for upstream in list(upstreams):
        upstream.begin_row()
    clients.clear()


def end_row():
    """Closes what the row left open; also after a failure, so that the next row starts clean."""
    for connection in clients:
        connection.close()
    clients.clear()
    for upstream in list(upstreams):
        upstream.drop()


def after_row(penstock=None):
    """The catalogue's list for one server, or for all that run. conftest.py calls it after each
    test; call it yourself between the parts of a long one."""
    end_row()
    for upstream in list(upstreams):
        upstream.check_row()
    for each in [penstock] if penstock else list(running):
        each.check_row()
