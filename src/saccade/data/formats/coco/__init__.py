"""COCO: one JSON file a split; its panoptic form too."""
