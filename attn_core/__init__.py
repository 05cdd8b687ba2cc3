"""Attention in pure PyTorch; importing it imports no Streamlit."""
