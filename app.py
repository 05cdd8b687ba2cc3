"""The entry that ``streamlit run app.py`` takes.

Streamlit imports this module once as ``app`` to serve it (the ASGI application: warm-up, security
headers, the viewer's files) and runs it as ``__main__`` for each learner (the router).
"""

import streamlit as st

from pages.site import server, shell

if __name__ == "__main__":
    shell.run()
else:
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        middleware=server.middleware(),
        routes=server.routes(),
    )
