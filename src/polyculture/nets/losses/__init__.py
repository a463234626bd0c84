"""What a network learns from: losses, and what gives them their logits."""
