"""Bare notebooks: moles told apart, split by picture though patients have several.

Planted: patients on two sides, a scaler fitted before the split, test used for early stopping,
outputs and long cells, a pickle, an unpinned list, one commit, no licence.
"""

from pathlib import Path

from rubric.strangers import made

README = """# Skin Cancer Detection using Deep Learning

The goal of this project is to detect skin cancer with a CNN.

![](images/confusion.png)

## Dataset

The [HAM10000](https://example.org/ham10000) dataset has 10015 dermatoscopic images of 7 kinds of
lesion. Download it from Kaggle and put it into `data/`.

## Results

| Model | Accuracy |
|---|---|
| CNN | 0.78 |
| ResNet50 | 0.91 |
| EfficientNetB3 | 0.94 |

We achieve an accuracy of 94% which beats the state of the art!

## How to run

Open `train.ipynb` in Colab and run all cells.
"""
LOOK = (
    "## Look at the data",
    """
import pandas as pd
import matplotlib.pyplot as plt

df = pd.read_csv("data/HAM10000_metadata.csv")
df.groupby("lesion_id").size().value_counts()
""",
    """
df["dx"].value_counts().plot(kind="bar")
plt.show()
""",
)
TRAIN = (
    "## Load",
    """
!pip install -q efficientnet
import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler

df = pd.read_csv("data/HAM10000_metadata.csv")
paths = "data/images/" + df["image_id"] + ".jpg"


def load(path, size=224):
    picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(picture, (size, size)).numpy()


X = np.stack([load(p) for p in paths])
y = LabelEncoder().fit_transform(df["dx"])
scaler = StandardScaler()
X = scaler.fit_transform(X.reshape(len(X), -1)).reshape(X.shape)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y)
""",
    """
def simple_cnn(classes):
    return tf.keras.Sequential([
        tf.keras.layers.Conv2D(32, 3, activation="relu", input_shape=(224, 224, 3)),
        tf.keras.layers.MaxPooling2D(),
        tf.keras.layers.Conv2D(64, 3, activation="relu"),
        tf.keras.layers.MaxPooling2D(),
        tf.keras.layers.Conv2D(128, 3, activation="relu"),
        tf.keras.layers.GlobalAveragePooling2D(),
        tf.keras.layers.Dense(128, activation="relu"),
        tf.keras.layers.Dropout(0.5),
        tf.keras.layers.Dense(classes, activation="softmax"),
    ])


def transfer(classes, name):
    body = getattr(tf.keras.applications, name)(include_top=False, pooling="avg")
    out = tf.keras.layers.Dense(classes, activation="softmax")(body.output)
    return tf.keras.Model(body.input, out)


history = {}
for name in ("CNN", "ResNet50", "EfficientNetB3"):
    model = simple_cnn(7) if name == "CNN" else transfer(7, name)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = tf.keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    history[name] = model.fit(
        X_train, y_train, epochs=50, batch_size=32,
        validation_data=(X_test, y_test), callbacks=[stop],
    )
    print(name, model.evaluate(X_test, y_test))
""",
    """
from sklearn.metrics import classification_report, confusion_matrix

pred = model.predict(X_test).argmax(1)
print(classification_report(y_test, pred))
print(confusion_matrix(y_test, pred))

import pickle

pickle.dump(model, open("model.pkl", "wb"))
""",
)


def write(root: Path) -> Path:
    """Write the repository and its one commit."""
    files = {
        "README.md": README,
        "EDA.ipynb": made.notebook(*LOOK, outputs=True),
        "train.ipynb": made.notebook(*TRAIN, outputs=True),
        "requirements.txt": "tensorflow\nscikit-learn\npandas\nmatplotlib\n",
        "model.pkl": "not a real one\n",
        "images/confusion.png": "not a real one\n",
    }
    return made.commit(root, [(0, "Add files via upload", files)])
