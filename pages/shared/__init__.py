"""What all pages share; beside them the only place that imports Streamlit."""
