"""Models that count words: BM25 and TF-IDF."""
