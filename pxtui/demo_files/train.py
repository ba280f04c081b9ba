"""Train a small network on handwritten digits; a run of the pxtui demo."""

import argparse
import csv
import os
import pathlib

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def shifted(images, labels):
    """Each image nine times, moved by up to one pixel: more to learn from."""
    grid = images.reshape(-1, 8, 8)
    moves = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    moved = [np.roll(grid, move, axis=(1, 2)).reshape(-1, 64) for move in moves]
    return np.concatenate(moved), np.tile(labels, len(moves))


def main():
    """Train, telling each epoch, and keep the figures in metrics.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    train_images, test_images, train_labels, test_labels = split
    train_images, train_labels = shifted(train_images, train_labels)
    batch_size = min(options.batch_size, len(train_images))
    print(f"{len(train_images)} images to learn from, {len(test_images)} to test", flush=True)

    model = MLPClassifier(
        hidden_layer_sizes=(512, 256),
        solver="sgd",
        learning_rate_init=options.lr,
        batch_size=batch_size,
        random_state=0,
    )
    shuffle = np.random.default_rng(0)
    outputs = pathlib.Path(os.environ.get("POLYAXON_RUN_OUTPUTS_PATH", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    with open(outputs / "metrics.csv", "w", newline="") as file:
        metrics = csv.writer(file)
        metrics.writerow(["epoch", "loss", "acc"])
        for epoch in range(1, options.epochs + 1):
            order = shuffle.permutation(len(train_images))
            losses = []
            for start in range(0, len(order) - batch_size + 1, batch_size):
                batch = order[start : start + batch_size]
                model.partial_fit(train_images[batch], train_labels[batch], classes=range(10))
                losses.append(model.loss_)
            loss, acc = np.mean(losses), model.score(test_images, test_labels)
            print(f"epoch {epoch}/{options.epochs} loss={loss:.3f} acc={acc:.3f}", flush=True)
            metrics.writerow([epoch, f"{loss:.4f}", f"{acc:.4f}"])
            file.flush()
    print(f"accuracy on {len(test_images)} images not seen before: {acc:.3f}")


if __name__ == "__main__":
    main()
