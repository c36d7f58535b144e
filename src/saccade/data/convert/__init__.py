"""Writers of data sets: COCO, Pascal VOC, YOLO, pictures beside masks, or masks of classes, folders of classes."""
